"""A publishing and a receiving database, and the loops between them."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from mesh.events.bus import Bus
from mesh.postgres.database import Database
from mesh.postgres.migrations import migrate
from mesh.postgres.outbox import outbox_message
from mesh.postgres.statements import text_statement
from mesh.postgres.unit_of_work import UnitOfWork
from stack.servers.postgres import PostgresServer
from tests.integration.events.invented import Counted

RECEIVED = text_statement("SELECT key, number FROM received ORDER BY position")
UNSENT = text_statement("SELECT count(*) FROM outbox WHERE sent_time IS NULL")


async def write(database: Database, *events: tuple[str, int]) -> None:
    async with UnitOfWork(database, lambda event: outbox_message(event, event.key)) as uow:
        for key, number in events:
            uow.add_event(Counted(key=key, number=number))
        await uow.commit()


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110  # the condition lies in a database, there is no event to await
            await asyncio.sleep(0.02)


class Running:
    """A relay or consumer as a task of its own: `stop` asks it to end, `kill` cancels it wherever it is."""

    def __init__(self, run: Callable[[asyncio.Event], Awaitable[None]]) -> None:
        self._stop = asyncio.Event()
        self._task = asyncio.ensure_future(run(self._stop))

    async def stop(self) -> None:
        self._stop.set()
        await asyncio.wait_for(self._task, 10)

    async def kill(self) -> None:
        self._task.cancel()
        _, alive = await asyncio.wait([self._task], timeout=10)
        assert not alive, f"did not end when cancelled: {self._task.get_stack()}"

    async def __aenter__(self) -> "Running":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()


@asynccontextmanager
async def _new_database(postgres: PostgresServer) -> AsyncIterator[Database]:
    name = f"events_{uuid.uuid4().hex[:12]}"
    url = postgres.create_database(name)
    migrate(url, "tests.integration.events.sample_migrations")
    database = Database(url)
    await database.open()
    yield database
    await database.close()
    postgres.drop_database(name)


@pytest.fixture
async def publisher(postgres: PostgresServer) -> AsyncIterator[Database]:
    async with _new_database(postgres) as database:
        yield database


@pytest.fixture
async def receiver(postgres: PostgresServer) -> AsyncIterator[Database]:
    async with _new_database(postgres) as database:
        yield database


@pytest.fixture
async def bus(nats_server: str) -> AsyncIterator[Bus]:
    bus = Bus(nats_server)
    await bus.open()
    yield bus
    await bus.close()
