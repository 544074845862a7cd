"""Outages of whole servers are waited out; a consumer may learn new events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mesh.errors import Unavailable
from mesh.events.bus import Bus
from mesh.events.consumer import Consumer
from mesh.events.relay import Relay
from mesh.events.wire import EventMeta
from mesh.postgres.database import Database
from mesh.postgres.migrations import migrate
from mesh.postgres.outbox import outbox_message
from mesh.postgres.transaction import Transaction
from mesh.postgres.unit_of_work import UnitOfWork
from stack.servers.nats import NatsServer
from stack.servers.postgres import PostgresServer
from tests.integration.events.conftest import RECEIVED, Running, until, write
from tests.integration.events.invented import RECEIVE, Counted, Other, receive
from tests.servers import Killable


@pytest.fixture
async def fragile(tmp_path: Path) -> AsyncIterator[tuple[Killable, Database]]:
    """A PostgreSQL of this test's own, and a pool to it."""
    server = PostgresServer(tmp_path / "fragile")  # durable: it is going to be killed
    killable = Killable(server, tmp_path / "fragile.log")
    killable.start()
    url = server.create_database("fragile")
    migrate(url, "tests.integration.events.sample_migrations")
    database = Database(url, wait=0.5)
    await database.open()
    yield killable, database
    await database.close()
    killable.stop()


async def received(database: Database, count: int) -> list[int]:
    async def there() -> bool:
        with suppress(Unavailable):
            return len(await database.fetch_all(RECEIVED)) >= count
        return False

    await until(there)
    return [number for _, number in await database.fetch_all(RECEIVED)]


async def test_killed_databases_are_waited_out_by_pool_relay_and_consumer(fragile: tuple[Killable, Database], bus: Bus) -> None:
    server, database = fragile
    async with Running(Relay(database, bus, "test").run), Running(Consumer("test_own", database, bus, {Counted: receive}).run):
        await write(database, ("a", 0))
        await received(database, 1)
        for number in (1, 2):
            server.kill()
            with pytest.raises(Unavailable):
                await write(database, ("a", number))
            assert not await database.check()
            server.start()

            await until(database.check, 5)
            await write(database, ("a", number))
            assert await received(database, number + 1) == list(range(number + 1))


async def test_a_service_starts_without_nats_and_catches_up_when_it_comes(publisher: Database, receiver: Database, tmp_path: Path) -> None:
    nats = NatsServer(tmp_path / "late")
    nats.prepare()
    killable = Killable(nats, tmp_path / "late.log")
    bus = Bus(nats.url)
    await bus.open()
    async with Running(Relay(publisher, bus, "test").run), Running(Consumer("test_late", receiver, bus, {Counted: receive}).run):
        await write(publisher, ("a", 0))
        await asyncio.sleep(0.5)
        killable.start()
        assert await received(receiver, 1) == [0]
    await bus.close()
    killable.stop()


async def test_a_consumer_may_learn_another_event_later(publisher: Database, receiver: Database, bus: Bus) -> None:
    async def negative(transaction: Transaction, event: Any, meta: EventMeta) -> None:
        await transaction.execute(RECEIVE, key=event.key, number=-event.number)

    async def write_other(number: int) -> None:
        async with UnitOfWork(publisher, lambda event: outbox_message(event, "a")) as uow:
            uow.add_event(Other(key="a", number=number))
            await uow.commit()

    async with Running(Relay(publisher, bus, "test").run):
        async with Running(Consumer("test_learns", receiver, bus, {Counted: receive}).run):
            await write_other(1)
            await write(publisher, ("a", 2))
            assert await received(receiver, 1) == [2]
        async with Running(Consumer("test_learns", receiver, bus, {Counted: receive, Other: negative}).run):
            await write_other(3)
            await write(publisher, ("a", 4))
            assert await received(receiver, 3) == [2, -3, 4]
