"""R6: a request id makes an effect happen once."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace

import psycopg
import pytest
from google.protobuf.message import Message
from google.protobuf.wrappers_pb2 import BytesValue, StringValue

from mesh.call import Call, Deadline, Principal, TraceContext
from mesh.errors import Aborted, InvalidArgument
from mesh.postgres.database import Database
from mesh.postgres.idempotency import once
from mesh.postgres.outbox import OutboxMessage
from mesh.postgres.statements import text_statement
from mesh.postgres.unit_of_work import UnitOfWork
from tests.integration.postgres.requests import request_class

CALL = Call("/test.Things/Count", Principal("users/alice", frozenset({"USER"})), Deadline.after(60), (), TraceContext("0" * 32, "00-x"))
REPLAYS = 20
Request = request_class()

ADD = text_statement("INSERT INTO things (name, count) VALUES (%(name)s, 1) ON CONFLICT (name) DO UPDATE SET count = things.count + 1")
TOTAL = text_statement("SELECT coalesce(sum(count), 0)::int FROM things")
EVENTS = text_statement("SELECT count(*) FROM outbox")


def no_events(event: object) -> OutboxMessage:
    return OutboxMessage("test.Counted", str(event), b"")


def unit_of_work(database: Database) -> Callable[[], UnitOfWork]:
    return lambda: UnitOfWork(database, no_events)


def counting(name: str) -> Callable[[UnitOfWork], Awaitable[StringValue]]:
    async def effect(uow: UnitOfWork) -> StringValue:
        await uow.transaction.execute(ADD, name=name)
        uow.add_event(name)
        return StringValue(value=f"answer {uuid.uuid4()}")

    return effect


async def run(database: Database, request: Message, name: str, call: Call = CALL) -> StringValue:
    return await once(unit_of_work(database), call, request, StringValue, counting(name))


@pytest.mark.parametrize("request_ids", [50, pytest.param(1_000, marks=pytest.mark.slow)])
async def test_each_request_id_has_one_effect_and_one_answer(database_url: str, request_ids: int) -> None:
    database = Database(database_url, max_size=16, wait=60)
    await database.open()
    requests = [Request(request_id=str(uuid.uuid4()), name=f"thing {n}") for n in range(request_ids)]
    replayed = [request for request in requests for _ in range(REPLAYS)]
    answers = await asyncio.gather(*(run(database, request, request.name) for request in replayed))
    assert await database.fetch_one(TOTAL) == (request_ids,)
    assert await database.fetch_one(EVENTS) == (request_ids,)
    by_request: dict[str, set[str]] = {}
    for request, answer in zip(replayed, answers, strict=True):
        by_request.setdefault(request.request_id, set()).add(answer.value)
    assert [len(values) for values in by_request.values()] == [1] * request_ids
    await database.close()

    restarted = Database(database_url)
    await restarted.open()
    again = await run(restarted, requests[0], requests[0].name)
    assert {again.value} == by_request[requests[0].request_id]
    assert await restarted.fetch_one(TOTAL) == (request_ids,)
    await restarted.close()


async def test_without_the_request_id_replays_do_take_effect_again(database: Database) -> None:
    """The negative control: what the guard is for."""
    await asyncio.gather(*(run(database, Request(name="a"), "a") for _ in range(REPLAYS)))
    assert await database.fetch_one(TOTAL) == (REPLAYS,)


async def test_another_body_under_the_same_id_is_refused(database: Database) -> None:
    first = Request(request_id="r1", name="a")
    await run(database, first, "a")
    with pytest.raises(InvalidArgument) as refused:
        await run(database, Request(request_id="r1", name="b"), "b")
    assert refused.value.violations[0].field == "request_id"
    assert await database.fetch_one(TOTAL) == (1,)


async def test_ids_of_other_callers_and_methods_are_other_ids(database: Database) -> None:
    request = Request(request_id="r1", name="a")
    await run(database, request, "a")
    await run(database, request, "a", replace(CALL, principal=Principal("users/bob", frozenset())))
    await run(database, request, "a", replace(CALL, method="/test.Things/Other"))
    assert await database.fetch_one(TOTAL) == (3,)


async def test_a_failed_call_is_not_remembered_and_its_rivals_take_over(database: Database) -> None:
    started = asyncio.Event()

    async def failing(uow: UnitOfWork) -> StringValue:
        await uow.transaction.execute(ADD, name="a")
        started.set()
        await asyncio.sleep(0.2)
        raise LookupError

    request = Request(request_id="r1", name="a")
    first = asyncio.create_task(once(unit_of_work(database), CALL, request, StringValue, failing))
    await started.wait()
    rival = await run(database, request, "a")
    with pytest.raises(LookupError):
        await first
    assert rival.value.startswith("answer")
    assert await database.fetch_one(TOTAL) == (1,)
    assert await database.fetch_one(EVENTS) == (1,)


async def test_a_lost_race_is_run_again_and_given_up_after_three_attempts(database: Database) -> None:
    attempts = 0

    async def losing(uow: UnitOfWork, *, wins_at: int) -> BytesValue:
        nonlocal attempts
        attempts += 1
        await uow.transaction.execute(ADD, name="a")
        if attempts < wins_at:
            raise psycopg.errors.SerializationFailure
        return BytesValue(value=b"done")

    request = Request(request_id="r1", name="a")
    assert (await once(unit_of_work(database), CALL, request, BytesValue, lambda uow: losing(uow, wins_at=3))).value == b"done"
    assert (attempts, await database.fetch_one(TOTAL)) == (3, (1,))
    attempts = 0
    with pytest.raises(Aborted):
        await once(unit_of_work(database), CALL, Request(request_id="r2"), BytesValue, lambda uow: losing(uow, wins_at=9))
    assert (attempts, await database.fetch_one(TOTAL)) == (3, (1,))


async def test_two_transactions_that_deadlock_both_succeed_in_the_end(database: Database) -> None:
    lock = text_statement("UPDATE things SET count = count + 1 WHERE name = %(name)s")
    for name in ("a", "b"):
        await database.execute(ADD, name=name)

    def crossing(first: str, second: str) -> Callable[[UnitOfWork], Awaitable[BytesValue]]:
        async def effect(uow: UnitOfWork) -> BytesValue:
            await uow.transaction.execute(lock, name=first)
            await asyncio.sleep(0.05)
            await uow.transaction.execute(lock, name=second)
            return BytesValue()

        return effect

    await asyncio.gather(
        once(unit_of_work(database), CALL, Request(request_id="r1"), BytesValue, crossing("a", "b")),
        once(unit_of_work(database), CALL, Request(request_id="r2"), BytesValue, crossing("b", "a")),
    )
    assert await database.fetch_one(TOTAL) == (6,)


async def test_a_secret_is_neither_stored_nor_hashed_unless_with_a_key(database: Database) -> None:
    """Without a key another secret is the same request, with one it is another: a quick hash of the secret alone is never there."""
    first, other = (Request(request_id="r-1", name="thing", secret=secret) for secret in ("123456", "654321"))

    async def answered(request: Message, key: bytes = b"") -> Message:
        async def effect(uow: UnitOfWork) -> Message:
            told: Message = Request(name="told", secret="token")
            return told

        answer: Message = await once(unit_of_work(database), CALL, request, Request, effect, key=key)
        return answer

    assert await answered(first) == Request(name="told", secret="token")
    assert await answered(first) == await answered(other) == Request(name="told")
    await database.execute(text_statement("DELETE FROM idempotency"))
    await answered(first, b"key")
    assert await answered(first, b"key") == Request(name="told")
    with pytest.raises(InvalidArgument):
        await answered(other, b"key")
    with pytest.raises(InvalidArgument):
        await answered(first, b"another key")
    assert await database.fetch_one(text_statement("SELECT count(*) FROM idempotency WHERE position('token' in response) > 0")) == (0,)
