"""Models and trainings: changed inside a transaction, read outside one."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.types.json import Jsonb

from mesh.postgres.database import Database
from mesh.postgres.statements import Statement, text_statement
from mesh.postgres.transaction import Row, Transaction
from recommender_service.domain.models import Model, ModelState, Training, TrainingState
from recommender_service.infrastructure.postgres.interactions import TELL
from recommender_service.infrastructure.postgres.pages import latest_first

_MODEL = "model_id, state, refusal, metrics, parameters, user_count, movie_count, interaction_count, data_time, create_time, activate_time"
_TRAINING = "training_id, model_id, state, seed, keep_inactive, progress, stage, error, create_time, end_time"
_LOCK_NUMBER = 7_235_102

# There are few models and fewer changes of them: whoever changes one has all to itself.
LOCK_MODELS = text_statement(f"SELECT pg_advisory_xact_lock({_LOCK_NUMBER})")
_FIND = text_statement(f"SELECT {_MODEL} FROM models WHERE model_id = %(model_id)s")  # noqa: S608  # constants of ours
_ACTIVE = text_statement(f"SELECT {_MODEL} FROM models WHERE state = {ModelState.ACTIVE:d}")  # noqa: S608  # constants of ours
_PREVIOUS = text_statement(f"""
    SELECT {_MODEL} FROM models WHERE state = {ModelState.RETIRED:d} ORDER BY activate_time DESC, model_id DESC LIMIT 1
""")  # noqa: S608  # constants of ours
_SAVE = text_statement(f"""
    INSERT INTO models ({_MODEL}) VALUES (
        %(model_id)s, %(state)s, %(refusal)s, %(metrics)s, %(parameters)s, %(users)s, %(movies)s, %(interactions)s, %(data_time)s,
        %(create_time)s, %(activate_time)s
    ) ON CONFLICT (model_id) DO UPDATE SET state = excluded.state, refusal = excluded.refusal, activate_time = excluded.activate_time
""")  # noqa: S608  # constants of ours
_UNFINISHED = text_statement(f"SELECT {_TRAINING} FROM trainings WHERE state <= {TrainingState.RUNNING:d}")  # noqa: S608  # constants of ours
_FIND_TRAINING = text_statement(f"SELECT {_TRAINING} FROM trainings WHERE training_id = %(training_id)s")  # noqa: S608  # constants of ours
_SAVE_TRAINING = text_statement(f"""
    INSERT INTO trainings ({_TRAINING}) VALUES (
        %(training_id)s, %(model_id)s, %(state)s, %(seed)s, %(keep_inactive)s, %(progress)s, %(stage)s, %(error)s, %(create_time)s,
        %(end_time)s
    ) ON CONFLICT (training_id) DO UPDATE SET
        state = excluded.state, progress = excluded.progress, stage = excluded.stage, error = excluded.error, end_time = excluded.end_time
""")  # noqa: S608  # constants of ours
_MODELS = latest_first(_MODEL, "models", "model_id")
_TRAININGS = latest_first(_TRAINING, "trainings", "training_id")


class PostgresModels:
    """The port Models."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._locked = False

    async def find(self, model_id: str) -> Model | None:
        return _model_or_none(await self._one(_FIND, model_id=model_id))

    async def active(self) -> Model | None:
        return _model_or_none(await self._one(_ACTIVE))

    async def previous(self) -> Model | None:
        return _model_or_none(await self._one(_PREVIOUS))

    async def save(self, model: Model) -> None:
        await self._one(TELL)
        await self._transaction.execute(
            _SAVE,
            model_id=model.model_id,
            state=int(model.state),
            refusal=model.refusal,
            metrics=Jsonb(dict(model.metrics)),
            parameters=Jsonb(dict(model.parameters)),
            users=model.users,
            movies=model.movies,
            interactions=model.interactions,
            data_time=model.data_time,
            create_time=model.create_time,
            activate_time=model.activate_time,
        )

    async def unfinished_training(self) -> Training | None:
        row = await self._one(_UNFINISHED)
        return None if row is None else _training_of(row)

    async def training(self, training_id: str) -> Training | None:
        row = await self._one(_FIND_TRAINING, training_id=training_id)
        return None if row is None else _training_of(row)

    async def save_training(self, training: Training) -> None:
        await self._one(TELL)
        await self._transaction.execute(
            _SAVE_TRAINING,
            training_id=training.training_id,
            model_id=training.model_id,
            state=int(training.state),
            seed=training.seed,
            keep_inactive=training.keep_inactive,
            progress=training.progress,
            stage=training.stage,
            error=training.error,
            create_time=training.create_time,
            end_time=training.end_time,
        )

    async def _one(self, statement: Statement, **params: object) -> Row | None:
        if not self._locked:
            await self._transaction.fetch_one(LOCK_MODELS)
            self._locked = True
        return await self._transaction.fetch_one(statement, **params)


class PostgresModelReader:
    """Reads outside transactions. Pages begin after a position, which is (create_time, id)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def model(self, model_id: str) -> Model | None:
        return _model_or_none(await self._database.fetch_one(_FIND, model_id=model_id))

    async def active(self) -> Model | None:
        return _model_or_none(await self._database.fetch_one(_ACTIVE))

    async def previous(self) -> Model | None:
        return _model_or_none(await self._database.fetch_one(_PREVIOUS))

    async def models(self, limit: int, after: tuple[datetime, str] | None) -> Sequence[Model]:
        return [_model_of(row) for row in await self._page(_MODELS, limit, after)]

    async def training(self, training_id: str) -> Training | None:
        row = await self._database.fetch_one(_FIND_TRAINING, training_id=training_id)
        return None if row is None else _training_of(row)

    async def unfinished_training(self) -> Training | None:
        row = await self._database.fetch_one(_UNFINISHED)
        return None if row is None else _training_of(row)

    async def trainings(self, limit: int, after: tuple[datetime, str] | None) -> Sequence[Training]:
        return [_training_of(row) for row in await self._page(_TRAININGS, limit, after)]

    async def _page(self, statements: tuple[Statement, Statement], limit: int, after: tuple[datetime, str] | None) -> Sequence[Row]:
        if after is None:
            return await self._database.fetch_all(statements[0], limit=limit)
        return await self._database.fetch_all(statements[1], limit=limit, time=after[0], id=after[1])


def _model_or_none(row: Row | None) -> Model | None:
    return None if row is None else _model_of(row)


def _model_of(row: Row) -> Model:
    model_id, state, refusal, metrics, parameters, users, movies, interactions, data_time, create_time, activate_time = row
    return Model(
        model_id=model_id,
        state=ModelState(state),
        refusal=refusal,
        metrics=metrics,
        parameters=parameters,
        users=users,
        movies=movies,
        interactions=interactions,
        data_time=data_time,
        create_time=create_time,
        activate_time=activate_time,
    )


def _training_of(row: Row) -> Training:
    training_id, model_id, state, seed, keep_inactive, progress, stage, error, create_time, end_time = row
    return Training(
        training_id=training_id,
        model_id=model_id,
        state=TrainingState(state),
        seed=seed,
        keep_inactive=keep_inactive,
        progress=progress,
        stage=stage,
        error=error,
        create_time=create_time,
        end_time=end_time,
    )
