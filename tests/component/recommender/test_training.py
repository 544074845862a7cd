"""From interactions to a model that is served: training in its process, the gate, activation, rollback, broken artefacts."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from mesh.server import RunningService
from reelmesh.recommender.v1 import model_service_pb2 as m
from reelmesh.recommender.v1.recommender_pb2 import LEVEL_HISTORY, LEVEL_ONE_LIKE, Contribution, Model, Recommendation, Training
from reelmesh.recommender.v1.recommender_service_pb2 import (
    BatchListSimilarMoviesRequest,
    ExplainRecommendationRequest,
    ListSimilarMoviesRequest,
    RecommendMoviesRequest,
    RecommendMoviesResponse,
)
from tests.component.recommender.tastes import COMEDIES, DRAMAS, films, ratings
from tests.component.recommender.telling import Telling, film, soon
from tests.services import admin, failure, token


@pytest.fixture(autouse=True)
async def people(tell: Telling) -> None:
    await tell.movies(*films())
    await tell.imported("made-up", ratings(tell))


async def ask(stub: Any, caller: Any = (), **wish: Any) -> RecommendMoviesResponse:
    answer: RecommendMoviesResponse = await stub.RecommendMovies(RecommendMoviesRequest(**wish), metadata=caller)
    return answer


def movies(answer: RecommendMoviesResponse) -> list[str]:
    return [each.movie.removeprefix("movies/") for each in answer.recommendations]


async def training(models: Any, name: str) -> Training:
    found: Training = (await models.GetTraining(m.GetTrainingRequest(name=name), metadata=admin())).training
    return found


async def trained(models: Any, model_id: str, **more: Any) -> Model:
    begun = (await models.TrainModel(m.TrainModelRequest(model_id=model_id, **more), metadata=admin())).training
    ended = await soon(lambda: training(models, begun.name), lambda found: found.HasField("end_time"), seconds=60)
    assert (ended.state, ended.error) == (Training.STATE_SUCCEEDED, ""), ended
    model: Model = (await models.GetModel(m.GetModelRequest(name=ended.model), metadata=admin())).model
    return model


async def test_a_model_is_trained_served_replaced_and_rolled_back(recommender: Any, models: Any, tell: Telling) -> None:
    """One long walk, because a training takes seconds."""
    first = await trained(models, "first")
    assert (first.name, first.state) == ("models/first", Model.STATE_ACTIVE)
    assert (first.user_count, first.movie_count, first.interaction_count) == (60, 40, 900)
    assert first.metrics["ndcg@10"] > 0

    caller = token("users/u0")
    answer = await soon(lambda: ask(recommender, caller, count=5), lambda found: found.model == "models/first")
    assert answer.level == LEVEL_HISTORY
    assert set(movies(answer)) <= set(DRAMAS)
    assert answer.recommendations[0].reason == Recommendation.REASON_BECAUSE_YOU_LIKED
    assert set(answer.recommendations[0].because_of) <= {f"movies/{movie}" for movie in DRAMAS}
    seen = {rating.movie.removeprefix("movies/") for rating in ratings(tell) if rating.user == "users/u0"}
    assert not seen & set(movies(await ask(recommender, caller, count=100)))

    await a_new_user_moves_with_each_event(recommender, tell)
    await new_and_deleted_movies_are_followed(recommender, tell)
    await what_is_like_a_movie_and_why(recommender)
    await models_follow_each_other(recommender, models)


async def a_new_user_moves_with_each_event(recommender: Any, tell: Telling) -> None:
    caller = token("users/new")
    await tell.rated("new", comedy0=5)
    answer = await soon(lambda: ask(recommender, caller, count=5), lambda found: found.level == LEVEL_ONE_LIKE, seconds=1.0)
    assert set(movies(answer)) <= set(COMEDIES)
    for movie in ("drama0", "drama1", "drama2"):
        await tell.rated("new", **{movie: 5})
    answer = await soon(lambda: ask(recommender, caller, count=5), lambda found: "drama" in movies(found)[0], seconds=1.0)
    assert movies(await ask(recommender, liked_movies=["movies/drama0"], count=3)) != movies(answer)


async def new_and_deleted_movies_are_followed(recommender: Any, tell: Telling) -> None:
    caller = token("users/u2")
    await tell.movies(film("fresh", "drama"))
    found = await soon(lambda: ask(recommender, caller, count=100), lambda found: "fresh" in movies(found), seconds=2.0)
    fresh = next(each for each in found.recommendations if each.movie == "movies/fresh")
    assert (fresh.reason, list(fresh.genres)) == (Recommendation.REASON_NEW_FOR_YOUR_GENRES, ["drama"])
    await tell.deleted(film("fresh", "drama"))
    await soon(lambda: ask(recommender, caller, count=100), lambda found: "fresh" not in movies(found), seconds=2.0)
    only = await ask(recommender, caller, count=100, genres=["comedy"])
    assert set(movies(only)) <= set(COMEDIES)
    assert only.recommendations


async def what_is_like_a_movie_and_why(recommender: Any) -> None:
    similar = await recommender.ListSimilarMovies(ListSimilarMoviesRequest(parent="movies/drama3", page_size=10))
    assert similar.model == "models/first"
    batch = await recommender.BatchListSimilarMovies(BatchListSimilarMoviesRequest(parents=["movies/drama3"], page_size=10))
    assert (batch.model, list(batch.lists[0].movies)) == ("models/first", list(similar.movies))
    assert all(each.movie.startswith("movies/drama") and 0 < each.score <= 1 for each in similar.movies)
    assert "movies/drama3" not in {each.movie for each in similar.movies}
    explained = await recommender.ExplainRecommendation(ExplainRecommendationRequest(name="movies/drama3", liked_movies=["movies/drama4"]))
    kinds = {part.kind for part in explained.contributions}
    assert kinds == {Contribution.KIND_HISTORY, Contribution.KIND_FEATURE, Contribution.KIND_POPULARITY}
    assert [part.score for part in explained.contributions] == sorted((part.score for part in explained.contributions), reverse=True)


async def models_follow_each_other(recommender: Any, models: Any) -> None:
    async def served() -> str:
        return (await ask(recommender)).model

    assert (await trained(models, "second", keep_inactive=True, seed=2)).state == Model.STATE_TRAINED
    assert await served() == "models/first"
    again = await failure(models.TrainModel(m.TrainModelRequest(model_id="second"), metadata=admin()))
    assert again.reason == "MODEL_ALREADY_EXISTS"
    request = m.ActivateModelRequest(name="models/second", request_id="once")
    answers = [(await models.ActivateModel(request, metadata=admin())).model for _ in range(2)]
    assert answers[0] == answers[1]
    await soon(served, lambda name: name == "models/second", seconds=2.0)
    rolled_back = (await models.RollbackModel(m.RollbackModelRequest(), metadata=admin())).model
    assert (rolled_back.name, rolled_back.state) == ("models/first", Model.STATE_ACTIVE)
    await soon(served, lambda name: name == "models/first", seconds=2.0)
    listed = (await models.ListModels(m.ListModelsRequest(), metadata=admin())).models
    assert [(each.name, each.state) for each in listed] == [
        ("models/second", Model.STATE_RETIRED),
        ("models/first", Model.STATE_ACTIVE),
    ]


async def test_a_broken_artefact_is_refused_and_the_old_one_stays(recommender: Any, models: Any, models_dir: Path) -> None:
    await trained(models, "good")
    await trained(models, "bad", keep_inactive=True)
    vectors = models_dir / "bad" / "vectors.npy"
    vectors.write_bytes(vectors.read_bytes()[:-1] + b"\0")
    refused = await failure(models.ActivateModel(m.ActivateModelRequest(name="models/bad"), metadata=admin()))
    assert refused.reason == "MODEL_BROKEN"
    assert str(models_dir) not in refused.message
    bad = (await models.GetModel(m.GetModelRequest(name="models/bad"), metadata=admin())).model
    assert bad.state == Model.STATE_REFUSED
    assert (await failure(models.ActivateModel(m.ActivateModelRequest(name="models/bad"), metadata=admin()))).reason == "MODEL_REFUSED"
    await soon(lambda: ask(recommender), lambda found: found.model == "models/good")


async def test_a_killed_training_fails_and_leaves_nothing(models: Any, models_dir: Path, running: RunningService) -> None:
    begun = (await models.TrainModel(m.TrainModelRequest(model_id="doomed"), metadata=admin())).training
    joined = (await models.TrainModel(m.TrainModelRequest(model_id="other"), metadata=admin())).training
    assert joined.name == begun.name  # only one at a time
    child = await soon(_trainings_of_this_process, bool, seconds=20)
    os.kill(child[0].pid, signal.SIGKILL)
    ended = await soon(lambda: training(models, begun.name), lambda found: found.HasField("end_time"), seconds=20)
    assert ended.state == Training.STATE_FAILED
    assert "signal 9" in ended.error
    assert (await models.ListModels(m.ListModelsRequest(), metadata=admin())).models == []
    assert not (models_dir / "doomed").exists()
    assert (await failure(models.RollbackModel(m.RollbackModelRequest(), metadata=admin()))).reason == "NO_PREVIOUS_MODEL"


async def _trainings_of_this_process() -> list[psutil.Process]:
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "recommender_service.infrastructure.training" in " ".join(child.cmdline())]


async def test_nothing_to_learn_is_a_failed_training_with_a_reason(models: Any, tell: Telling) -> None:
    await tell.purged("made-up")
    await asyncio.sleep(0)
    begun = (await models.TrainModel(m.TrainModelRequest(), metadata=admin())).training
    ended = await soon(lambda: training(models, begun.name), lambda found: found.HasField("end_time"), seconds=30)
    assert (ended.state, ended.model) == (Training.STATE_FAILED, "")
    assert "no like" in ended.error
    listed = (await models.ListTrainings(m.ListTrainingsRequest(), metadata=admin())).trainings
    assert [each.name for each in listed] == [begun.name]
