"""Runs the trainings that were asked for, and asks for those that are due; one replica at a time does."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import structlog

from mesh.events.leading import going_on, lead
from mesh.ids import uuid7
from mesh.postgres.database import Database
from mesh.postgres.transaction import Connection
from recommender_service.application.model_commands import ask_for_training, complete_training, fail_training
from recommender_service.domain.models import Model, ModelState, Training, TrainingState
from recommender_service.infrastructure import metrics
from recommender_service.infrastructure.postgres.following import ChangesReader
from recommender_service.infrastructure.postgres.interactions import CHANGES_CHANNEL
from recommender_service.infrastructure.postgres.models import PostgresModelReader
from recommender_service.infrastructure.postgres.unit_of_work import RecommenderUnitOfWork
from recommender_service.infrastructure.serving.model_store import ModelStore
from recommender_service.infrastructure.training.process import TrainingFailed, run_training
from recommender_service.infrastructure.training.schedule import Schedule

_log = structlog.get_logger(__name__)
_POLL_SECONDS = 1.0
_TELL_SECONDS = 0.5  # how often progress is written down at most
_CUT_OFF = "the service that ran the training has ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainerSettings:
    """`interval` in seconds, 0 for trainings on demand only; `tolerance` is the gate's; `master` is Spark's, if that is the backend."""

    interval: float
    tolerance: float
    backend: str
    master: str


class Trainer:
    """Background work. `now` gives the time in UTC, `new_id` the ids of trainings that are due."""

    def __init__(
        self,
        database: Database,
        unit_of_work: Callable[[], RecommenderUnitOfWork],
        models: PostgresModelReader,
        changes: ChangesReader,
        store: ModelStore,
        settings: TrainerSettings,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = uuid7,
    ) -> None:
        self._database, self._unit_of_work, self._models, self._changes, self._store = database, unit_of_work, models, changes, store
        self._settings, self._schedule = settings, Schedule(settings.interval)
        self._now, self._new_id = now, new_id

    async def run(self, stop: asyncio.Event) -> None:
        await lead(self._database, "trainer", stop, lambda connection: self._work(connection, stop))

    async def _work(self, connection: Connection, stop: asyncio.Event) -> None:
        orphan = await self._models.unfinished_training()
        if orphan is not None and orphan.state is TrainingState.RUNNING:
            await self._fail(orphan, _CUT_OFF)
        await connection.execute(f"LISTEN {CHANGES_CHANNEL}".encode())
        while going_on(stop):
            training = await self._models.unfinished_training() or await self._due()
            if training is None:
                async for _ in connection.notifies(timeout=_POLL_SECONDS, stop_after=1):
                    pass
                continue
            await self._train(training, connection, stop)

    async def _due(self) -> Training | None:
        last = await self._models.trainings(1, None)
        positions = await self._changes.positions()
        if not self._schedule.is_due(positions.interaction, last[0].create_time if last else None, self._now()):
            return None
        wanted = Training(training_id=self._new_id(), model_id=self._new_id(), state=TrainingState.PENDING, create_time=self._now())
        async with self._unit_of_work() as uow:
            training = await ask_for_training(uow, wanted)
            await uow.commit()
        return training

    async def _train(self, training: Training, connection: Connection, stop: asyncio.Event) -> None:
        running = replace(training, state=TrainingState.RUNNING, stage="starting")
        self._schedule.begun((await self._changes.positions()).interaction)
        await self._save(running)
        _log.info("training_begun", training=running.training_id, model=running.model_id)
        try:
            model = await self._run(running, connection, stop)
        except TrainingFailed as error:
            await self._fail(running, str(error))
        else:
            await self._complete(running, model)

    async def _run(self, training: Training, connection: Connection, stop: asyncio.Event) -> Model:
        written, manifest = 0.0, dict[str, Any]()
        told = run_training(
            self._database.url, self._store.path_of(training.model_id), training.seed, self._settings.backend, self._settings.master
        )
        try:
            while True:
                line = asyncio.ensure_future(anext(told, None))
                stopped = asyncio.ensure_future(stop.wait())
                await asyncio.wait([line, stopped], return_when=asyncio.FIRST_COMPLETED)
                stopped.cancel()
                if not line.done():
                    line.cancel()
                    await asyncio.wait([line])
                    raise TrainingFailed(_CUT_OFF)
                told_now = line.result()
                if told_now is None:
                    break
                manifest = told_now.get("manifest", manifest)
                if "progress" in told_now and time.monotonic() >= written + _TELL_SECONDS:
                    written = time.monotonic()
                    await connection.execute(b"SELECT 1")  # the lock is its session's: who has lost it leaves the training to another
                    await self._save(replace(training, progress=told_now["progress"], stage=told_now["stage"]))
        finally:
            await told.aclose()
        return _model_of(training.model_id, manifest, self._now())

    async def _save(self, training: Training) -> None:
        async with self._unit_of_work() as uow:
            await uow.models.save_training(training)
            await uow.commit()

    async def _complete(self, training: Training, model: Model) -> None:
        async with self._unit_of_work() as uow:
            stored = await complete_training(uow, training, model, self._settings.tolerance, self._now())
            await uow.commit()
        metrics.trainings.labels("refused" if stored.state is ModelState.REFUSED else "succeeded").inc()
        _log.info(
            "training_succeeded", training=training.training_id, model=model.model_id, state=stored.state.name, refusal=stored.refusal
        )

    async def _fail(self, training: Training, error: str) -> None:
        async with self._unit_of_work() as uow:
            await fail_training(uow, training, error, self._now())
            await uow.commit()
        metrics.trainings.labels("failed").inc()
        _log.error("training_failed", training=training.training_id, reason=error)


def _model_of(model_id: str, manifest: Mapping[str, Any], now: datetime) -> Model:
    """Of what `train_from_database` gives."""
    return Model(
        model_id=model_id,
        state=ModelState.TRAINED,
        create_time=now,
        metrics=manifest["metrics"],
        parameters=manifest["parameters"],
        users=manifest["users"],
        movies=manifest["movies"],
        interactions=manifest["interactions"],
        data_time=datetime.fromtimestamp(manifest["data_time"], UTC),
    )
