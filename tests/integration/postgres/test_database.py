"""Statements, transactions and COPY against a real PostgreSQL."""

import asyncio

import psycopg
import pytest
from psycopg.types.json import Jsonb

from mesh.call import ANONYMOUS, Call, Deadline, TraceContext, current_call
from mesh.errors import DeadlineExceeded, Unavailable
from mesh.postgres.database import Database
from mesh.postgres.faults import constraint_errors
from mesh.postgres.statements import text_statement

INSERT = text_statement("INSERT INTO things (name, count, facts) VALUES (%(name)s, %(count)s, %(facts)s)")
COUNT = text_statement("SELECT count FROM things WHERE name = %(name)s")
BY_NAMES = text_statement("SELECT name FROM things WHERE name = ANY (%(names)s) ORDER BY name")
NO_FACTS = Jsonb({})


class ThingExistsError(Exception):
    pass


async def test_statements_round_trip_json_arrays_and_lists(database: Database) -> None:
    await database.execute(INSERT, name="a", count=1, facts=Jsonb({"seen": [1, 2], "né": "ü"}))
    await database.execute(INSERT, name="b", count=2, facts=NO_FACTS)
    facts = text_statement("SELECT facts, labels FROM things WHERE name = 'a'")
    assert await database.fetch_one(facts) == ({"seen": [1, 2], "né": "ü"}, [])
    assert await database.fetch_all(BY_NAMES, names=["a", "b", "c"]) == [("a",), ("b",)]


async def test_a_percent_sign_written_twice_is_one(database: Database) -> None:
    await database.execute(INSERT, name="100% sure", count=1, facts=NO_FACTS)
    assert await database.fetch_all(text_statement("SELECT name FROM things WHERE name LIKE '100%%'")) == [("100% sure",)]


async def test_a_transaction_commits_when_the_block_leaves_normally(database: Database) -> None:
    async with database.transaction() as transaction:
        assert await transaction.execute(INSERT, name="a", count=7, facts=NO_FACTS) == 1
        assert await database.fetch_one(COUNT, name="a") is None
    assert await database.fetch_one(COUNT, name="a") == (7,)


async def test_a_transaction_rolls_back_on_any_exception_also_on_cancellation(database: Database) -> None:
    async def failing() -> None:
        async with database.transaction() as transaction:
            await transaction.execute(INSERT, name="a", count=7, facts=NO_FACTS)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await failing()

    async def endless() -> None:
        async with database.transaction() as transaction:
            await transaction.execute(INSERT, name="a", count=7, facts=NO_FACTS)
            await transaction.fetch_one(text_statement("SELECT pg_sleep(60)"))

    task = asyncio.create_task(endless())
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await database.fetch_one(COUNT, name="a") is None
    assert await database.fetch_one(text_statement("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%%pg_sleep(60%%'")) == (1,)


async def test_copy_fills_real_and_temporary_tables_from_lists_and_streams(database: Database) -> None:
    async def rows() -> object:
        for number in range(1000):
            yield (f"thing {number}", number)

    async with database.transaction() as transaction:
        await transaction.execute(text_statement("CREATE TEMPORARY TABLE incoming (name text, count integer) ON COMMIT DROP"))
        assert await transaction.copy_rows("incoming", ["name", "count"], rows()) == 1000  # type: ignore[arg-type]  # an async generator of tuples
        assert await transaction.copy_rows("public.things", ["name", "count"], [("x\t\\N\n", 1), ("y", 2)]) == 2
        moved = await transaction.execute(text_statement("INSERT INTO things (name, count) SELECT name, count FROM incoming"))
    assert moved == 1000
    assert await database.fetch_one(COUNT, name="x\t\\N\n") == (1,)


async def test_named_constraints_become_domain_errors_and_others_stay(database: Database) -> None:
    await database.execute(INSERT, name="a", count=1, facts=NO_FACTS)
    with pytest.raises(ThingExistsError), constraint_errors({"things_pkey": ThingExistsError}):
        await database.execute(INSERT, name="a", count=1, facts=NO_FACTS)
    with pytest.raises(psycopg.errors.CheckViolation), constraint_errors({"things_pkey": ThingExistsError}):
        await database.execute(INSERT, name="b", count=-1, facts=NO_FACTS)


async def test_killed_backends_surface_at_most_once_as_unavailable(database: Database) -> None:
    others = text_statement(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await asyncio.gather(*(database.fetch_one(text_statement("SELECT pg_sleep(0.05)")) for _ in range(8)))
    await database.fetch_all(others)
    await asyncio.sleep(0.05)
    results = await asyncio.gather(*(database.check() for _ in range(40)))
    assert results == [True] * 40, "idle connections that the server closed are seen before they are used"

    async def busy() -> bool:
        with pytest.raises(Unavailable):
            await database.fetch_one(text_statement("SELECT pg_sleep(30)"))
        await asyncio.sleep(0.05)  # idle connections of the same kill may still be on their way out
        return await database.check()

    working = [asyncio.create_task(busy()) for _ in range(3)]
    await asyncio.sleep(0.2)
    await database.fetch_all(others)
    assert await asyncio.gather(*working) == [True] * 3


async def test_a_slow_statement_and_an_exhausted_pool_are_unavailable(database_url: str) -> None:
    database = Database(database_url, max_size=1, statement_timeout=0.1, wait=0.1)
    await database.open()
    with pytest.raises(Unavailable) as slow:
        await database.fetch_one(text_statement("SELECT pg_sleep(5)"))
    assert slow.value.reason == "DATABASE_TOO_SLOW"
    async with database.transaction():
        with pytest.raises(Unavailable) as busy:
            await database.fetch_one(text_statement("SELECT 1"))
    assert busy.value.reason == "DATABASE_BUSY"
    assert await database.check()
    await database.close()


async def test_a_caller_without_time_is_late_and_the_pool_is_not_blamed(database_url: str) -> None:
    database = Database(database_url, max_size=1)
    await database.open()
    trace = TraceContext("0" * 31 + "1", "")
    late = current_call.set(Call("/x/Y", ANONYMOUS, Deadline.after(0.0), (), trace))
    try:
        async with asyncio.timeout(2):
            with pytest.raises(DeadlineExceeded):
                await database.fetch_one(text_statement("SELECT 1"))
    finally:
        current_call.reset(late)
    await database.close()


async def test_a_database_that_is_not_there_is_unavailable_and_says_nothing_else() -> None:
    database = Database("postgresql://nobody:secret@127.0.0.1:1/none", wait=0.2)
    with pytest.raises(Unavailable) as away:
        await database.fetch_one(text_statement("SELECT 1"))
    assert "secret" not in str(away.value)
    assert not await database.check()
