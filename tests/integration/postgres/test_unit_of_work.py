"""A unit of work commits its changes and its events together, or neither."""

import asyncio

import pytest

from mesh.call import Call, Deadline, Principal, TraceContext, current_call
from mesh.postgres.database import Database
from mesh.postgres.outbox import MAX_EVENT_BYTES, OutboxMessage
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction
from mesh.postgres.unit_of_work import UnitOfWork

ADD = text_statement("INSERT INTO things (name, count) VALUES (%(name)s, 1)")
THINGS = text_statement("SELECT name FROM things ORDER BY name")
OUTBOX = text_statement("SELECT type_name, key, payload, traceparent FROM outbox ORDER BY id")


class Things:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, name: str) -> None:
        await self._transaction.execute(ADD, name=name)


class ThingsUnitOfWork(UnitOfWork):
    things: Things

    def __init__(self, database: Database) -> None:
        super().__init__(database, lambda event: OutboxMessage("test.ThingAdded", str(event)[:10], str(event).encode()))

    def _bind(self, transaction: Transaction) -> None:
        self.things = Things(transaction)


async def test_changes_and_events_are_committed_together_with_the_trace_context(database: Database) -> None:
    trace = TraceContext("1" * 32, f"00-{'1' * 32}-{'2' * 16}-01")
    current_call.set(Call("/test/Add", Principal("users/a", frozenset()), Deadline.after(5), (), trace))
    async with ThingsUnitOfWork(database) as uow:
        for name in ("b", "a"):
            await uow.things.add(name)
            uow.add_event(name)
        await uow.commit()
    assert await database.fetch_all(THINGS) == [("a",), ("b",)]
    assert await database.fetch_all(OUTBOX) == [("test.ThingAdded", n, n.encode(), trace.traceparent) for n in ("b", "a")]


async def test_leaving_without_commit_rolls_back(database: Database) -> None:
    async with ThingsUnitOfWork(database) as uow:
        await uow.things.add("a")
        uow.add_event("a")
    assert await database.fetch_all(THINGS) == []
    assert await database.fetch_all(OUTBOX) == []


@pytest.mark.parametrize("error", [RuntimeError, asyncio.CancelledError])
async def test_an_exception_rolls_back_and_passes_through(database: Database, error: type[BaseException]) -> None:
    async def failing() -> None:
        async with ThingsUnitOfWork(database) as uow:
            await uow.things.add("a")
            raise error

    with pytest.raises(error):
        await failing()
    assert await database.fetch_all(THINGS) == []


async def test_an_event_too_big_to_publish_fails_the_commit_whole(database: Database) -> None:
    async def failing() -> None:
        async with ThingsUnitOfWork(database) as uow:
            await uow.things.add("a")
            uow.add_event("x" * (MAX_EVENT_BYTES + 1))
            await uow.commit()

    with pytest.raises(ValueError, match="bytes"):
        await failing()
    assert await database.fetch_all(THINGS) == []


async def test_a_unit_of_work_serves_one_call(database: Database) -> None:
    uow = ThingsUnitOfWork(database)
    async with uow:
        await uow.things.add("a")
        await uow.commit()
        with pytest.raises(RuntimeError):
            await uow.commit()
    with pytest.raises(RuntimeError):
        _ = uow.transaction
