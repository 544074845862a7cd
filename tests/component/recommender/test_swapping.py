"""R25: a model is swapped under load in every replica: no call fails, every answer names its model and is made with it alone."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mesh.server import RunningService
from recommender_service.domain.models import ModelState
from recommender_service.infrastructure.serving.model_store import ActiveModel
from reelmesh.recommender.v1 import model_service_pb2 as m
from reelmesh.recommender.v1.model_service_pb2_grpc import ModelServiceStub
from tests.component.recommender.loading import Seen, load
from tests.component.recommender.shelf import put_model
from tests.component.recommender.tastes import films, ratings
from tests.component.recommender.telling import Telling
from tests.services import admin, stub_of

NAMES = ("models/one", "models/two")
SWAPS = 8


@pytest.fixture
async def models(replicas: list[RunningService], models_dir: Path) -> AsyncIterator[Any]:
    """With two models that differ in their seed; the first is active."""
    database = replicas[0].foundation.database
    tell = Telling(database)
    await tell.movies(*films())
    await tell.imported("made-up", ratings(tell))
    await put_model(database, models_dir, "one", ModelState.ACTIVE, seed=1)
    await put_model(database, models_dir, "two", ModelState.TRAINED, seed=2)
    async with stub_of(replicas[0].address, ModelServiceStub) as stub:
        yield stub


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
    assert (seen.served, seen.mixed) == (True, 0), (seen.failed, seen.late, seen.calls)
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
