"""Experiments from their beginning to their report: what callers are shown, what is written down, and how they end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import random
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from mesh.postgres.statements import text_statement
from mesh.server import RunningService
from recommender_service.application.experiment_commands import Trial, begin_experiment
from recommender_service.application.model_commands import complete_training
from recommender_service.domain.errors import ExperimentRunning
from recommender_service.domain.experiments import DAY, Exposure, Mode
from recommender_service.domain.experiments import Experiment as StoredExperiment
from recommender_service.domain.models import Model, ModelState, Training, TrainingState
from recommender_service.infrastructure.events.encode import encode
from recommender_service.infrastructure.personal_data import RecommenderData
from recommender_service.infrastructure.postgres.exposures import MOST_LISTS, PostgresExposures
from recommender_service.infrastructure.postgres.unit_of_work import RecommenderUnitOfWork
from reelmesh.recommender.v1 import experiment_service_pb2 as e
from reelmesh.recommender.v1 import model_service_pb2 as m
from reelmesh.recommender.v1.experiment_pb2 import Experiment, ExperimentReport
from reelmesh.recommender.v1.experiment_service_pb2_grpc import ExperimentServiceStub
from reelmesh.recommender.v1.model_service_pb2_grpc import ModelServiceStub
from reelmesh.recommender.v1.recommender_pb2 import Interaction
from reelmesh.recommender.v1.recommender_service_pb2 import RecommendMoviesRequest, RecordInteractionsRequest
from reelmesh.recommender.v1.recommender_service_pb2_grpc import RecommenderServiceStub
from tests.component.recommender.loading import Seen, load
from tests.component.recommender.shelf import put_model, put_row
from tests.component.recommender.tastes import films, ratings
from tests.component.recommender.telling import Telling, film, soon
from tests.services import admin, failure, stub_of, token

USERS = [f"u{number}" for number in range(30)]


class Calls:
    """Stubs of one replica, and the calls that the tests make."""

    def __init__(self, lists: Any, models: Any, experiments: Any) -> None:
        self.lists, self.models, self.experiments = lists, models, experiments

    async def create(self, experiment_id: str, mode: Any = Experiment.MODE_AB, share: float = 0.5, **more: Any) -> Experiment:
        wanted = Experiment(mode=mode, candidate="models/two", share=share, **more)
        request = e.CreateExperimentRequest(experiment=wanted, experiment_id=experiment_id)
        found: Experiment = (await self.experiments.CreateExperiment(request, metadata=admin())).experiment
        return found

    async def get(self, experiment_id: str) -> Experiment:
        request = e.GetExperimentRequest(name=f"experiments/{experiment_id}")
        found: Experiment = (await self.experiments.GetExperiment(request, metadata=admin())).experiment
        return found

    async def stop(self, experiment_id: str) -> Experiment:
        request = e.StopExperimentRequest(name=f"experiments/{experiment_id}")
        found: Experiment = (await self.experiments.StopExperiment(request, metadata=admin())).experiment
        return found

    async def report(self, experiment_id: str) -> ExperimentReport:
        request = e.GetExperimentReportRequest(name=f"experiments/{experiment_id}/report")
        found: ExperimentReport = (await self.experiments.GetExperimentReport(request, metadata=admin())).report
        return found

    async def shown(self, users: Sequence[str] = USERS, count: int = 5) -> dict[str, str]:
        """The model that each user's list names."""
        request = RecommendMoviesRequest(count=count)
        answers = [await self.lists.RecommendMovies(request, metadata=token(f"users/{user}")) for user in users]
        return {user: answer.model for user, answer in zip(users, answers, strict=True)}


@pytest.fixture
async def calls(replicas: list[RunningService], models_dir: Path) -> AsyncIterator[list[Calls]]:
    """Of two replicas, with two models of which the first is active."""
    database = replicas[0].foundation.database
    tell = Telling(database)
    await tell.movies(*films())
    await tell.imported("made-up", ratings(tell))
    await put_model(database, models_dir, "one", ModelState.ACTIVE, seed=1)
    await put_model(database, models_dir, "two", ModelState.TRAINED, seed=2)
    async with AsyncExitStack() as stack:
        kinds = (RecommenderServiceStub, ModelServiceStub, ExperimentServiceStub)
        found = [Calls(*[await stack.enter_async_context(stub_of(each.address, kind)) for kind in kinds]) for each in replicas]
        for each in found:
            await soon(each.shown, lambda shown: set(shown.values()) == {"models/one"})
        yield found


def assigned(experiment: Experiment) -> dict[str, str]:
    """The model that each user is to be shown, by the domain's own rule."""
    stored = StoredExperiment(
        experiment_id=experiment.name.removeprefix("experiments/"),
        mode=Mode(experiment.mode),
        control="one",
        candidate="two",
        share=experiment.share,
        create_time=datetime.now(UTC),
    )
    return {user: "models/two" if stored.shows_candidate(user) else "models/one" for user in USERS}


async def test_every_replica_shows_a_user_the_same_model_until_the_experiment_is_stopped(calls: list[Calls]) -> None:
    begun = await calls[0].create("first")
    assert (begun.control, begun.state, begun.outcome_window) == ("models/one", Experiment.STATE_RUNNING, Duration(seconds=86_400))
    expected = assigned(begun)
    assert {*expected.values()} == {"models/one", "models/two"}
    for each in calls:
        await soon(each.shown, lambda shown: shown == expected)
    nobody = await calls[0].lists.RecommendMovies(RecommendMoviesRequest(liked_movies=["movies/drama0"]), metadata=token("users/u0"))
    assert nobody.model == "models/one"
    other = await failure(calls[1].experiments.CreateExperiment(e.CreateExperimentRequest(experiment=begun), metadata=admin()))
    assert other.reason == "EXPERIMENT_RUNNING"

    stopped = await calls[1].stop("first")
    assert (stopped.state, stopped.HasField("stop_time")) == (Experiment.STATE_STOPPED, True)
    assert await calls[1].stop("first") == stopped
    for each in calls:
        await soon(each.shown, lambda shown: set(shown.values()) == {"models/one"})
    again = await failure(calls[0].create("first"))
    assert again.reason == "EXPERIMENT_ALREADY_EXISTS"

    active = e.CreateExperimentRequest(experiment=Experiment(mode=Experiment.MODE_AB, candidate="models/one", share=0.5))
    assert (await failure(calls[0].experiments.CreateExperiment(active, metadata=admin()))).reason == "CANDIDATE_IS_ACTIVE"
    await calls[0].create("second", share=0.3)
    pages = [await calls[0].experiments.ListExperiments(e.ListExperimentsRequest(page_size=1), metadata=admin())]
    pages.append(
        await calls[0].experiments.ListExperiments(
            e.ListExperimentsRequest(page_size=1, page_token=pages[0].next_page_token), metadata=admin()
        )
    )
    assert [[each.name for each in page.experiments] for page in pages] == [["experiments/second"], ["experiments/first"]]
    assert not pages[1].next_page_token


async def test_without_a_rule_that_all_replicas_share_a_user_is_shown_this_model_and_that(
    calls: list[Calls], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above."""
    monkeypatch.setattr(StoredExperiment, "shows_candidate", lambda self, user: random() < 0.5)
    await calls[0].create("loose")
    for each in calls:
        await soon(each.shown, lambda shown: "models/two" in shown.values())
    assert await calls[0].shown(count=6) != await calls[1].shown(count=6)


async def test_the_report_tells_what_users_were_shown_and_what_became_of_it(calls: list[Calls]) -> None:
    begun = await calls[0].create("first", outcome_window=Duration(seconds=3_600))
    expected = assigned(begun)
    for each in calls:
        await soon(each.shown, lambda shown: shown == expected)
    lists = {}
    for user in USERS:
        answer = await calls[0].lists.RecommendMovies(RecommendMoviesRequest(count=4), metadata=token(f"users/{user}"))
        lists[user] = [each.movie for each in answer.recommendations]
    tried = [user for user in USERS if expected[user] == "models/two"]
    others = [user for user in USERS if expected[user] == "models/one"]

    clicking, liking = tried[:3], others[:1]
    for user in clicking:
        await record(calls[0].lists, user, [Interaction(movie=lists[user][0], kind=Interaction.KIND_CLICK)] * 2)
    await record(calls[0].lists, tried[0], [Interaction(movie=lists[tried[0]][1], kind=Interaction.KIND_WATCH_PROGRESS, watched_share=0.2)])
    await record(calls[0].lists, liking[0], [Interaction(movie=lists[liking[0]][2], kind=Interaction.KIND_LIKE)])
    # None of these answers to a list: seen before it, not in it, only looked at.
    before = Timestamp(seconds=begun.create_time.seconds - 60)
    await record(calls[0].lists, tried[4], [Interaction(movie=lists[tried[4]][0], kind=Interaction.KIND_LIKE, event_time=before)])
    await record(calls[0].lists, tried[5], [Interaction(movie=lists[tried[5]][0], kind=Interaction.KIND_VIEW)])
    elsewhere = next(f"movies/{movie}" for movie in ("drama0", "comedy0") if f"movies/{movie}" not in lists[tried[6]])
    await record(calls[0].lists, tried[6], [Interaction(movie=elsewhere, kind=Interaction.KIND_DISLIKE)])

    report = await soon(lambda: calls[1].report("first"), lambda found: found.candidate.user_count + found.control.user_count == len(USERS))
    report = await soon(lambda: calls[1].report("first"), lambda found: found.candidate.outcome_count == 4)
    arms = [(arm.model, arm.user_count, arm.responding_user_count, arm.outcome_count) for arm in (report.control, report.candidate)]
    assert arms == [("models/one", len(others), 1, 1), ("models/two", len(tried), 3, 4)]
    assert report.candidate.shown_count >= 4 * len(tried)
    assert report.candidate.list_count >= len(tried)
    difference = report.responding_users_difference
    assert difference.value == pytest.approx(3 / len(tried) - 1 / len(others))
    assert difference.lower < difference.value < difference.upper
    rates = report.candidate.outcome_rate.value, report.control.outcome_rate.value
    assert report.outcome_rate_difference.value == pytest.approx(rates[0] - rates[1])
    assert not report.sample_ratio_mismatch
    assert 0 < report.sample_ratio_p_value <= 1


async def record(lists: Any, user: str, interactions: list[Interaction]) -> None:
    await lists.RecordInteractions(iter([RecordInteractionsRequest(interactions=interactions)]), metadata=token(f"users/{user}"))


async def test_a_shadow_is_compared_and_never_shown(calls: list[Calls]) -> None:
    await calls[0].create("shade", Experiment.MODE_SHADOW, share=1)
    seen: set[str] = set()

    async def compared() -> ExperimentReport:
        for count in (5, 6, 7):
            seen.update((await calls[0].shown(USERS[:5], count)).values())
        return await calls[1].report("shade")

    report = await soon(compared, lambda found: found.comparison.list_count >= 3, seconds=10)
    comparison = report.comparison
    assert seen == {"models/one"}
    assert 0 < comparison.overlap.value < 1  # two models of the same people: neither the same lists nor others altogether
    assert 0 <= comparison.same_first.lower <= comparison.same_first.value <= comparison.same_first.upper <= 1
    assert comparison.active_latency.ToTimedelta() > timedelta(0) < comparison.candidate_latency.ToTimedelta()
    assert comparison.failed_count == 0
    assert not report.HasField("control")


async def under_load(replicas: list[RunningService], calls: list[Calls]) -> Seen:
    """Experiments begin and end while callers ask; at last the candidate is activated in the middle of one."""
    seen, stop = Seen(), asyncio.Event()
    callers = [asyncio.create_task(load(replica, seen, stop)) for replica in replicas for _ in range(2)]
    for number in range(3):
        await calls[number % 2].create(f"swap{number}")
        await asyncio.sleep(0.3)
        if number < 2:
            await calls[0].stop(f"swap{number}")
            await asyncio.sleep(0.2)
    await calls[0].models.ActivateModel(m.ActivateModelRequest(name="models/two"), metadata=admin())
    for each in calls:
        await soon(each.shown, lambda shown: set(shown.values()) == {"models/two"})
    stop.set()
    await asyncio.gather(*callers)
    return seen


async def test_under_load_no_call_fails_every_list_is_of_the_model_it_names_and_an_activation_ends_the_experiment(
    replicas: list[RunningService], calls: list[Calls]
) -> None:
    seen = await under_load(replicas, calls)
    assert (seen.served, seen.mixed) == (True, 0), (seen.failed, seen.late, seen.calls)
    assert {name for name, _ in seen.lists} == {"models/one", "models/two"}
    ended = await calls[0].get("swap2")
    assert (ended.state, ended.reason) == (Experiment.STATE_STOPPED, "model two has become the active one")


async def rows_of_models(running: RunningService) -> None:
    await put_row(running.foundation.database, "one", ModelState.ACTIVE)
    await put_row(running.foundation.database, "two", ModelState.TRAINED)


def trial(experiment_id: str, mode: Mode = Mode.AB) -> Trial:
    return Trial(experiment_id, mode, "two", 0.5, DAY)


async def begun(running: RunningService, experiment_id: str) -> bool:
    """False where another one runs."""
    try:
        async with RecommenderUnitOfWork(running.foundation.database, encode) as uow:
            await begin_experiment(uow, trial(experiment_id), datetime.now(UTC))
            await uow.commit()
    except ExperimentRunning:
        return False
    return True


async def test_a_candidate_whose_files_are_gone_fails_the_experiment_and_is_refused(running: RunningService, models_dir: Path) -> None:
    """As in a replica that starts after they went: the method itself would have refused it."""
    await rows_of_models(running)
    assert await begun(running, "late")
    async with stub_of(running.address, ExperimentServiceStub) as experiments, stub_of(running.address, ModelServiceStub) as models:
        calls = Calls(None, models, experiments)
        failed = await soon(lambda: calls.get("late"), lambda found: found.state == Experiment.STATE_FAILED)
        assert failed.reason == "the files of the candidate are broken"
        model = (await calls.models.GetModel(m.GetModelRequest(name="models/two"), metadata=admin())).model
        assert str(models_dir) in model.refusal
        refused = await failure(calls.create("again"))
        assert refused.reason == "MODEL_REFUSED"


async def test_of_many_that_begin_at_once_one_does(running: RunningService, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its negative control: without the lock and the index behind it several do."""
    await rows_of_models(running)
    database = running.foundation.database
    # Nobody follows: it would end them, since the candidate has no files.
    monkeypatch.setattr("recommender_service.infrastructure.serving.trial.RunningTrial.follow", _stays)
    assert sum(await asyncio.gather(*(begun(running, f"race{number}") for number in range(8)))) == 1

    async with database.transaction() as transaction:
        await transaction.execute(text_statement("DELETE FROM experiments"))
        await transaction.execute(text_statement("DROP INDEX experiments_one_is_running"))
    for module in ("models", "experiments"):
        monkeypatch.setattr(f"recommender_service.infrastructure.postgres.{module}.LOCK_MODELS", text_statement("SELECT pg_sleep(0.02)"))
    assert sum(await asyncio.gather(*(begun(running, f"loose{number}") for number in range(8)))) > 1


async def _stays(self: object, experiment_id: str | None) -> bool:
    return False


async def test_a_training_does_not_end_an_experiment_by_activating_its_model(running: RunningService) -> None:
    await rows_of_models(running)
    now = datetime.now(UTC)
    training = Training(training_id="t", model_id="three", state=TrainingState.RUNNING, create_time=now)
    model = Model(model_id="three", state=ModelState.TRAINED, create_time=now, metrics={"ndcg@10": 0.9})
    async with RecommenderUnitOfWork(running.foundation.database, encode) as uow:
        await begin_experiment(uow, trial("kept"), now)
        stored = await complete_training(uow, training, model, 0.01, now)
        assert stored.state is ModelState.TRAINED
        found = await uow.experiments.running()
    assert found is not None


async def test_exposures_are_bounded_by_user_and_erased_with_the_user(running: RunningService, tell: Telling) -> None:
    await tell.movies(film("a", "drama"))
    await rows_of_models(running)
    database, now = running.foundation.database, datetime.now(UTC)
    assert await begun(running, "long")
    stored = PostgresExposures(database)
    for start in range(0, MOST_LISTS + 100, 50):
        batch = [Exposure("long", "ann", True, (1,), now + timedelta(seconds=start + each)) for each in range(50)]
        await stored.append(batch)
        await stored.append(batch)  # written again after an answer that was lost
    await stored.append([Exposure("long", "bob", False, (), now)])
    count = text_statement("SELECT user_id, count(*) FROM exposures GROUP BY 1 ORDER BY 1")
    assert await database.fetch_all(count) == [("ann", MOST_LISTS), ("bob", 1)]
    data = RecommenderData(database)
    async with database.transaction() as transaction:
        assert await data.erase(transaction, "ann") == MOST_LISTS
    await stored.append([Exposure("long", "ann", True, (1,), now)])  # it waited in a replica
    assert await database.fetch_all(count) == [("bob", 1)]
