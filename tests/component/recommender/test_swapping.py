"""R25: a model is swapped under load in every replica: no call fails, every answer names its model and is made with it alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mesh.server import Foundation, RunningService, Service
from recommender_service.bootstrap import MIGRATIONS, build_with
from recommender_service.infrastructure.serving.model_store import ActiveModel
from recommender_service.infrastructure.settings import RecommenderSettings
from reelmesh.recommender.v1 import model_service_pb2 as m
from reelmesh.recommender.v1.model_service_pb2_grpc import ModelServiceStub
from reelmesh.recommender.v1.recommender_pb2 import Training
from reelmesh.recommender.v1.recommender_service_pb2 import RecommendMoviesRequest
from reelmesh.recommender.v1.recommender_service_pb2_grpc import RecommenderServiceStub
from tests.component.recommender.tastes import films, ratings
from tests.component.recommender.telling import Telling, soon
from tests.services import admin, serving, stub_of, token

NAMES = ("models/one", "models/two")
SWAPS = 8


@pytest.fixture
async def replicas(empty_database_url: str, tmp_path: Path, models_dir: Path) -> AsyncIterator[list[RunningService]]:
    def build(foundation: Foundation) -> Service:
        return build_with(foundation, RecommenderSettings(models_dir=models_dir))

    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(serving("recommender", build, MIGRATIONS, empty_database_url, tmp_path)) for _ in range(2)]


@pytest.fixture
async def models(replicas: list[RunningService]) -> AsyncIterator[Any]:
    """With two models that differ in their seed; the first is active."""
    tell = Telling(replicas[0].foundation.database)
    await tell.movies(*films())
    await tell.imported("made-up", ratings(tell))
    async with stub_of(replicas[0].address, ModelServiceStub) as opened:
        stub: Any = opened
        for number, name in enumerate(NAMES, start=1):
            request = m.TrainModelRequest(model_id=name.removeprefix("models/"), seed=number, keep_inactive=number > 1)
            begun = (await stub.TrainModel(request, metadata=admin())).training
            await soon(
                lambda begun=begun: stub.GetTraining(m.GetTrainingRequest(name=begun.name), metadata=admin()),  # type: ignore[misc]  # bound now
                lambda answer: answer.training.state == Training.STATE_SUCCEEDED,
                seconds=60,
            )
        yield stub


@dataclass
class Seen:
    """What callers got: scores of a list by the model that it names."""

    calls: int = 0
    failed: int = 0
    lists: dict[tuple[str, str], set[tuple[tuple[str, float], ...]]] = field(default_factory=dict)

    @property
    def mixed(self) -> int:
        """Lists of one user that name one model and are not the same."""
        return sum(len(lists) - 1 for lists in self.lists.values())


async def load(replica: RunningService, seen: Seen, stop: asyncio.Event) -> None:
    async with stub_of(replica.address, RecommenderServiceStub) as opened:
        stub: Any = opened
        number = 0
        while not stop.is_set():
            number += 1
            user = f"users/u{number % 6}"
            try:
                # A count that changes keeps the answer from being one that was kept ready.
                answer = await stub.RecommendMovies(RecommendMoviesRequest(count=10 + number % 90), metadata=token(user), timeout=5)
            except Exception:
                seen.failed += 1
                continue
            seen.calls += 1
            first = tuple((each.movie, each.score) for each in answer.recommendations[:10])
            seen.lists.setdefault((answer.model, user), set()).add(first)


async def swapped_under_load(replicas: list[RunningService], models: Any) -> Seen:
    seen, stop = Seen(), asyncio.Event()
    await asyncio.sleep(0.6)  # both replicas have the first model
    callers = [asyncio.create_task(load(replica, seen, stop)) for replica in replicas for _ in range(2)]
    for swap in range(SWAPS):
        await asyncio.sleep(0.15)
        if swap % 2 == 0:
            await models.ActivateModel(m.ActivateModelRequest(name=NAMES[1]), metadata=admin())
        else:
            await models.RollbackModel(m.RollbackModelRequest(), metadata=admin())
    await asyncio.sleep(0.6)
    stop.set()
    await asyncio.gather(*callers)
    return seen


async def test_no_call_fails_and_every_answer_is_of_the_model_that_it_names(
    replicas: list[RunningService], models: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its negative control: where the name is changed first and the arrays a moment later, the same load notices it."""
    seen = await swapped_under_load(replicas, models)
    assert (seen.failed, seen.mixed) == (0, 0)
    assert {name for name, _ in seen.lists} == set(NAMES)
    assert seen.calls > 100

    follow = ActiveModel.follow

    async def in_two_steps(self: ActiveModel, model_id: str | None) -> bool:
        if self.current is not None and model_id and self.current.model_id != model_id:
            self.current.model_id = model_id
            await asyncio.sleep(0.1)
            self.current.model_id = ""
        return await follow(self, model_id)

    monkeypatch.setattr(ActiveModel, "follow", in_two_steps)
    assert (await swapped_under_load(replicas, models)).mixed > 0
