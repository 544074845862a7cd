"""Experiments: changed inside a transaction, read outside one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mesh.postgres.database import Database
from mesh.postgres.statements import Statement, text_statement
from mesh.postgres.transaction import Row, Transaction
from recommender_service.domain.experiments import Experiment, ExperimentState, Mode
from recommender_service.infrastructure.postgres.interactions import TELL
from recommender_service.infrastructure.postgres.models import LOCK_MODELS
from recommender_service.infrastructure.postgres.pages import latest_first

_EXPERIMENT = "experiment_id, mode, control, candidate, share, outcome_seconds, state, reason, create_time, stop_time"

_FIND = text_statement(f"SELECT {_EXPERIMENT} FROM experiments WHERE experiment_id = %(experiment_id)s")  # noqa: S608  # constants of ours
_RUNNING = text_statement(f"SELECT {_EXPERIMENT} FROM experiments WHERE state = {ExperimentState.RUNNING:d}")  # noqa: S608  # constants of ours
_SAVE = text_statement(f"""
    INSERT INTO experiments ({_EXPERIMENT}) VALUES (
        %(experiment_id)s, %(mode)s, %(control)s, %(candidate)s, %(share)s, %(outcome_seconds)s, %(state)s, %(reason)s, %(create_time)s,
        %(stop_time)s
    ) ON CONFLICT (experiment_id) DO UPDATE SET state = excluded.state, reason = excluded.reason, stop_time = excluded.stop_time
""")  # noqa: S608  # constants of ours
_PAGES = latest_first(_EXPERIMENT, "experiments", "experiment_id")


class PostgresExperiments:
    """The port Experiments."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def find(self, experiment_id: str) -> Experiment | None:
        return await self._one(_FIND, experiment_id=experiment_id)

    async def running(self) -> Experiment | None:
        return await self._one(_RUNNING)

    async def save(self, experiment: Experiment) -> None:
        await self._transaction.fetch_one(LOCK_MODELS)
        await self._transaction.execute(
            _SAVE,
            experiment_id=experiment.experiment_id,
            mode=int(experiment.mode),
            control=experiment.control,
            candidate=experiment.candidate,
            share=experiment.share,
            outcome_seconds=int(experiment.outcome_window.total_seconds()),
            state=int(experiment.state),
            reason=experiment.reason,
            create_time=experiment.create_time,
            stop_time=experiment.stop_time,
        )
        await self._transaction.fetch_one(TELL)

    async def _one(self, statement: Statement, **params: object) -> Experiment | None:
        await self._transaction.fetch_one(LOCK_MODELS)  # the same as that of models: an activation ends an experiment
        row = await self._transaction.fetch_one(statement, **params)
        return None if row is None else _experiment_of(row)


class PostgresExperimentReader:
    """Reads outside transactions. Pages begin after a position, which is (create_time, id)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def experiment(self, experiment_id: str) -> Experiment | None:
        row = await self._database.fetch_one(_FIND, experiment_id=experiment_id)
        return None if row is None else _experiment_of(row)

    async def experiments(self, limit: int, after: tuple[datetime, str] | None) -> Sequence[Experiment]:
        first, later = _PAGES
        if after is None:
            rows = await self._database.fetch_all(first, limit=limit)
        else:
            rows = await self._database.fetch_all(later, limit=limit, time=after[0], id=after[1])
        return [_experiment_of(row) for row in rows]


def _experiment_of(row: Row) -> Experiment:
    experiment_id, mode, control, candidate, share, outcome_seconds, state, reason, create_time, stop_time = row
    return Experiment(
        experiment_id=experiment_id,
        mode=Mode(mode),
        control=control,
        candidate=candidate,
        share=share,
        outcome_window=timedelta(seconds=outcome_seconds),
        state=ExperimentState(state),
        reason=reason,
        create_time=create_time,
        stop_time=stop_time,
    )
