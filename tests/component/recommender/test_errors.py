"""Every error that the contract names at a method is what the service answers."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from mesh.server import RunningService
from recommender_service.domain.models import ModelState
from reelmesh.recommender.v1 import experiment_service_pb2 as e
from reelmesh.recommender.v1 import model_service_pb2 as m
from reelmesh.recommender.v1 import recommender_service_pb2 as r
from reelmesh.recommender.v1.experiment_pb2 import Experiment
from reelmesh.recommender.v1.experiment_service_pb2_grpc import ExperimentServiceStub
from reelmesh.recommender.v1.model_service_pb2_grpc import ModelServiceStub
from reelmesh.recommender.v1.recommender_pb2 import Interaction
from reelmesh.recommender.v1.recommender_service_pb2_grpc import RecommenderServiceStub
from tests.component.recommender.shelf import put_row
from tests.component.recommender.telling import Telling, film, soon
from tests.services import Metadata, admin, failure, stub_of, token

CODE = grpc.StatusCode
MODEL_SERVICE, EXPERIMENT_SERVICE = m.DESCRIPTOR.services_by_name["ModelService"], e.DESCRIPTOR.services_by_name["ExperimentService"]
FUTURE = Timestamp(seconds=4_000_000_000)
LIKE = Interaction(movie="movies/a", kind=Interaction.KIND_LIKE)


@dataclass(frozen=True)
class Case:
    """A call by `caller` that must be answered with `code` and `reason`."""

    method: str
    request: Any
    code: grpc.StatusCode
    reason: str
    caller: Metadata = field(default_factory=token)
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.method}-{self.reason}-{'-'.join(self.fields)}"


def invalid(method: str, request: Any, *fields: str, caller: Metadata | None = None) -> Case:
    return Case(method, request, CODE.INVALID_ARGUMENT, "INVALID_ARGUMENT", caller or token(), fields)


def create(**chosen: Any) -> e.CreateExperimentRequest:
    usual: dict[str, Any] = {"mode": Experiment.MODE_AB, "candidate": "models/new", "share": 0.5}
    return e.CreateExperimentRequest(experiment=Experiment(**usual | chosen))


def only_for_admins() -> Iterator[Case]:
    for method in (*MODEL_SERVICE.methods, *EXPERIMENT_SERVICE.methods):
        request: Message = getattr(m if method.containing_service is MODEL_SERVICE else e, f"{method.name}Request")()
        yield Case(method.name, request, CODE.PERMISSION_DENIED, "ROLE_MISSING")
        yield Case(method.name, request, CODE.UNAUTHENTICATED, "TOKEN_MISSING", ())


CASES = [
    *only_for_admins(),
    invalid("RecommendMovies", r.RecommendMoviesRequest(count=101), "count"),
    invalid("RecommendMovies", r.RecommendMoviesRequest(count=-1, diversity=1.5), "count", "diversity"),
    invalid("RecommendMovies", r.RecommendMoviesRequest(liked_movies=["tt1"], region_code="Germany"), "liked_movies[0]", "region_code"),
    invalid("RecommendMovies", r.RecommendMoviesRequest(liked_movies=[f"movies/m{each}" for each in range(201)]), "liked_movies"),
    invalid("ListSimilarMovies", r.ListSimilarMoviesRequest(), "parent"),
    invalid("ListSimilarMovies", r.ListSimilarMoviesRequest(parent="movies/a", page_size=-1), "page_size"),
    invalid("ListSimilarMovies", r.ListSimilarMoviesRequest(parent="movies/a", page_token="x"), "page_token"),
    invalid("BatchListSimilarMovies", r.BatchListSimilarMoviesRequest(), "parents"),
    invalid(
        "BatchListSimilarMovies",
        r.BatchListSimilarMoviesRequest(parents=["movies/a", "movies/a", "x"], page_size=101),
        "parents",
        "parents[2]",
        "page_size",
    ),
    invalid("BatchListSimilarMovies", r.BatchListSimilarMoviesRequest(parents=[f"movies/m{each}" for each in range(21)]), "parents"),
    invalid("ListTrendingMovies", r.ListTrendingMoviesRequest(page_token="x"), "page_token"),
    invalid("ListTrendingMovies", r.ListTrendingMoviesRequest(as_of=FUTURE), "as_of"),
    invalid("RecordInteractions", [], "interactions"),
    invalid("RecordInteractions", [r.RecordInteractionsRequest()], "interactions"),
    invalid("RecordInteractions", [r.RecordInteractionsRequest(interactions=[LIKE] * 501)], "interactions"),
    invalid(
        "RecordInteractions",
        [r.RecordInteractionsRequest(interactions=[LIKE, Interaction(movie="movies/a", watched_share=2)])],
        "interactions[1].kind",
        "interactions[1].watched_share",
    ),
    invalid(
        "RecordInteractions",
        [r.RecordInteractionsRequest(interactions=[Interaction(movie="movies/a", kind=Interaction.KIND_LIKE, event_time=FUTURE)])],
        "interactions[0].event_time",
    ),
    Case("RecordInteractions", [r.RecordInteractionsRequest(interactions=[LIKE])], CODE.UNAUTHENTICATED, "TOKEN_MISSING", ()),
    Case(
        "RecordInteractions",
        [r.RecordInteractionsRequest(interactions=[LIKE])],
        CODE.PERMISSION_DENIED,
        "ROLE_MISSING",
        token("services/movie", "SERVICE"),
    ),
    invalid("ExplainRecommendation", r.ExplainRecommendationRequest(), "name"),
    Case("ExplainRecommendation", r.ExplainRecommendationRequest(name="movies/none"), CODE.NOT_FOUND, "MOVIE_NOT_FOUND"),
    invalid("TrainModel", m.TrainModelRequest(model_id="A B", seed=-1), "model_id", "seed", caller=admin()),
    Case("TrainModel", m.TrainModelRequest(model_id="old"), CODE.ALREADY_EXISTS, "MODEL_ALREADY_EXISTS", admin()),
    invalid("GetTraining", m.GetTrainingRequest(name="x"), "name", caller=admin()),
    Case("GetTraining", m.GetTrainingRequest(name="trainings/none"), CODE.NOT_FOUND, "TRAINING_NOT_FOUND", admin()),
    invalid("ListTrainings", m.ListTrainingsRequest(page_token="x"), "page_token", caller=admin()),
    invalid("GetModel", m.GetModelRequest(name="x"), "name", caller=admin()),
    Case("GetModel", m.GetModelRequest(name="models/none"), CODE.NOT_FOUND, "MODEL_NOT_FOUND", admin()),
    invalid("ListModels", m.ListModelsRequest(page_size=-1), "page_size", caller=admin()),
    invalid("ActivateModel", m.ActivateModelRequest(name="x"), "name", caller=admin()),
    Case("ActivateModel", m.ActivateModelRequest(name="models/none"), CODE.NOT_FOUND, "MODEL_NOT_FOUND", admin()),
    Case("ActivateModel", m.ActivateModelRequest(name="models/refused"), CODE.FAILED_PRECONDITION, "MODEL_REFUSED", admin()),
    Case("ActivateModel", m.ActivateModelRequest(name="models/new"), CODE.FAILED_PRECONDITION, "MODEL_BROKEN", admin()),
    invalid("RollbackModel", m.RollbackModelRequest(request_id="a b"), "request_id", caller=admin()),
    Case("RollbackModel", m.RollbackModelRequest(), CODE.FAILED_PRECONDITION, "MODEL_BROKEN", admin()),
    # Its only candidate is refused now:
    Case("RollbackModel", m.RollbackModelRequest(), CODE.FAILED_PRECONDITION, "NO_PREVIOUS_MODEL", admin()),
    invalid("CreateExperiment", e.CreateExperimentRequest(), "experiment", caller=admin()),
    invalid(
        "CreateExperiment",
        e.CreateExperimentRequest(experiment=Experiment(), experiment_id="A B"),
        "experiment.mode",
        "experiment.candidate",
        "experiment.share",
        "experiment_id",
        caller=admin(),
    ),
    invalid("CreateExperiment", create(share=1.1), "experiment.share", caller=admin()),
    invalid(
        "CreateExperiment",
        create(share=1, outcome_window=Duration(nanos=5)),
        "experiment.share",
        "experiment.outcome_window",
        caller=admin(),
    ),
    invalid("CreateExperiment", create(outcome_window=Duration(seconds=91 * 86_400)), "experiment.outcome_window", caller=admin()),
    Case("CreateExperiment", create(candidate="models/none"), CODE.NOT_FOUND, "MODEL_NOT_FOUND", admin()),
    Case("CreateExperiment", create(candidate="models/refused"), CODE.FAILED_PRECONDITION, "NO_ACTIVE_MODEL", admin()),
    Case("CreateExperiment", create(candidate="models/other"), CODE.FAILED_PRECONDITION, "MODEL_BROKEN", admin()),
    invalid("GetExperiment", e.GetExperimentRequest(name="x"), "name", caller=admin()),
    Case("GetExperiment", e.GetExperimentRequest(name="experiments/none"), CODE.NOT_FOUND, "EXPERIMENT_NOT_FOUND", admin()),
    invalid("ListExperiments", e.ListExperimentsRequest(page_token="x"), "page_token", caller=admin()),
    invalid("StopExperiment", e.StopExperimentRequest(name="x"), "name", caller=admin()),
    Case("StopExperiment", e.StopExperimentRequest(name="experiments/none"), CODE.NOT_FOUND, "EXPERIMENT_NOT_FOUND", admin()),
    invalid("GetExperimentReport", e.GetExperimentReportRequest(name="experiments/x"), "name", caller=admin()),
    Case(
        "GetExperimentReport", e.GetExperimentReportRequest(name="experiments/none/report"), CODE.NOT_FOUND, "EXPERIMENT_NOT_FOUND", admin()
    ),
]


async def store_models(running: RunningService) -> None:
    """Rows without files: `old` was active before, `new` and `other` never, `refused` never will be."""
    states = {"old": ModelState.RETIRED, "new": ModelState.TRAINED, "other": ModelState.TRAINED, "refused": ModelState.REFUSED}
    for model_id, state in states.items():
        await put_row(running.foundation.database, model_id, state)


async def test_every_error_of_the_contract_is_answered_with_its_code_and_reason(running: RunningService, tell: Telling) -> None:
    await tell.movies(film("a", "drama"))
    await store_models(running)
    async with (
        stub_of(running.address, RecommenderServiceStub) as lists,
        stub_of(running.address, ModelServiceStub) as models,
        stub_of(running.address, ExperimentServiceStub) as experiments,
    ):
        wrong = []
        for case in CASES:
            stub: Any = next(each for each in (lists, models, experiments) if hasattr(each, case.method))
            request = iter(case.request) if isinstance(case.request, list) else case.request
            answer = await failure(getattr(stub, case.method)(request, metadata=case.caller))
            found = (answer.code, answer.reason, set(answer.fields), answer.info.domain if answer.info else "")
            if found != (case.code, case.reason, set(case.fields), "reelmesh.recommender"):
                wrong.append(f"{case}: {found} {answer.message}")
        assert wrong == []


async def test_the_table_above_has_every_method() -> None:
    services = (r.DESCRIPTOR.services_by_name["RecommenderService"], MODEL_SERVICE, EXPERIMENT_SERVICE)
    assert {method.name for service in services for method in service.methods} == {case.method for case in CASES}


@pytest.mark.parametrize("method", ["ListTrendingMovies", "ListSimilarMovies"])
async def test_a_page_token_of_other_arguments_is_refused(recommender: Any, tell: Telling, method: str) -> None:
    await tell.movies(*(film(each, "drama") for each in "abcd"))
    await tell.rated("u1", a=5, b=5, c=5, d=5)
    kind = getattr(r, f"{method}Request")
    asked = {"parent": "movies/a"} if method == "ListSimilarMovies" else {}
    page = await soon(lambda: getattr(recommender, method)(kind(page_size=1, **asked)), lambda answer: answer.next_page_token)
    other = {"parent": "movies/b"} if asked else {"region_code": "DE"}
    answer = await failure(getattr(recommender, method)(kind(page_token=page.next_page_token, **other)))
    assert answer.fields == ["page_token"]
