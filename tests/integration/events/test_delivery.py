"""From commit to effect, through the real servers."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mesh.call import Call, Deadline, Principal, TraceContext, current_call
from mesh.events.broadcast import Broadcast
from mesh.events.bus import Bus
from mesh.events.consumer import Consumer
from mesh.events.housekeeping import Retention
from mesh.events.relay import Relay
from mesh.events.wire import EventMeta
from mesh.postgres.database import Database
from mesh.postgres.outbox import MAX_EVENT_BYTES, OutboxMessage
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction
from tests.integration.events.conftest import RECEIVED, UNSENT, Running, until, write
from tests.integration.events.invented import Counted, receive


def consumer(receiver: Database, bus: Bus, **options: Any) -> Consumer:
    return Consumer("test_received", receiver, bus, {Counted: receive}, **options)


async def received(receiver: Database, count: int) -> list[tuple[Any, ...]]:
    async def there() -> bool:
        return len(await receiver.fetch_all(RECEIVED)) >= count

    await until(there)
    return await receiver.fetch_all(RECEIVED)


async def test_events_arrive_once_and_in_order_soon_after_the_commit(publisher: Database, receiver: Database, bus: Bus) -> None:
    async with Running(Relay(publisher, bus, "test").run), Running(consumer(receiver, bus).run):
        await write(publisher, ("a", 0))
        await received(receiver, 1)
        began = time.perf_counter()
        for number in range(1, 50):
            await write(publisher, ("a", number), ("b", number))
        rows = await received(receiver, 99)
    assert [number for key, number in rows if key == "a"] == list(range(50))
    assert len(rows) == 99
    assert time.perf_counter() - began < 2.0
    assert await publisher.fetch_one(UNSENT) == (0,)


async def test_the_handlers_work_belongs_to_the_trace_of_the_request(publisher: Database, receiver: Database, bus: Bus) -> None:
    seen: list[tuple[Call | None, EventMeta]] = []

    async def look(transaction: Transaction, event: Any, meta: EventMeta) -> None:
        seen.append((current_call.get(), meta))
        await receive(transaction, event, meta)

    trace = TraceContext("a" * 32, f"00-{'a' * 32}-{'b' * 16}-00")
    current_call.set(Call("/test/Write", Principal("users/a", frozenset()), Deadline.after(30), (), trace))
    await write(publisher, ("a", 1))
    async with Running(Relay(publisher, bus, "test").run), Running(Consumer("test_look", receiver, bus, {Counted: look}).run):
        await received(receiver, 1)
    [(call, meta)] = seen
    assert call is not None
    assert call.trace == trace
    assert call.principal.has("SERVICE")
    assert (meta.key, meta.type_name) == ("a", "reelmesh.test.v1.Counted")
    assert abs(datetime.now(UTC) - meta.time) < timedelta(seconds=30)


async def test_a_lost_stream_is_filled_again_by_a_replay_that_reaches_nobody_twice(
    publisher: Database, receiver: Database, bus: Bus
) -> None:
    relay = Relay(publisher, bus, "test")
    async with Running(relay.run), Running(consumer(receiver, bus).run):
        await write(publisher, *(("a", number) for number in range(20)))
        await received(receiver, 20)
        # With the stream goes its memory of message ids, and the durable consumer; the inbox stays.
        jetstream = (await bus.client()).jetstream()
        await jetstream.delete_stream("EVENTS")
        assert await relay.replay(datetime.now(UTC) - timedelta(hours=1)) == 20
        await write(publisher, ("a", 20))
        rows = await received(receiver, 21)
        assert (await jetstream.stream_info("EVENTS")).state.messages == 21
    assert [number for _, number in rows] == list(range(21))


async def test_of_two_relays_and_two_consumers_one_works_and_the_other_takes_over(
    publisher: Database, receiver: Database, bus: Bus
) -> None:
    first = Running(Relay(publisher, bus, "test").run), Running(consumer(receiver, bus).run)
    await write(publisher, ("a", 0))
    await received(receiver, 1)
    async with Running(Relay(publisher, bus, "test").run), Running(consumer(receiver, bus).run):
        await write(publisher, ("a", 1))
        await received(receiver, 2)
        for task in first:
            await task.kill()
        await write(publisher, ("a", 2))
        rows = await received(receiver, 3)
    assert [number for _, number in rows] == [0, 1, 2]


async def test_broadcasts_reach_every_instance_and_gaps_are_told(publisher: Database, bus: Bus) -> None:
    heard: list[list[int]] = [[], []]
    gaps = [0, 0]

    def listen(index: int) -> Broadcast:
        def gap() -> None:
            gaps[index] += 1

        def hear(event: Any, meta: EventMeta) -> None:
            if event.number == 13:
                raise RuntimeError("unlucky")
            heard[index].append(event.number)

        return Broadcast(bus, {Counted: hear}, gap)

    await write(publisher, ("a", -1))
    async with Running(Relay(publisher, bus, "test").run) as relay, Running(listen(0).run), Running(listen(1).run):

        async def listening() -> bool:
            return gaps == [1, 1] and await publisher.fetch_one(UNSENT) == (0,)

        await until(listening)
        heard[0].clear()
        heard[1].clear()
        await write(publisher, *(("a", number) for number in range(10)))

        async def all_heard() -> bool:
            return heard == [list(range(10))] * 2

        await until(all_heard)
        await write(publisher, ("a", 13), ("a", 14))

        async def told() -> bool:
            return [numbers[-1] for numbers in heard] == [14, 14]

        await until(told)
        assert gaps == [2, 2]
        await relay.stop()


async def test_housekeeping_removes_what_is_old_and_sent_but_never_what_is_unsent(publisher: Database, bus: Bus) -> None:
    await write(publisher, *(("a", number) for number in range(10)))
    await publisher.execute(text_statement("UPDATE outbox SET create_time = now() - interval '9 days'"))
    await publisher.execute(
        text_statement(
            "INSERT INTO idempotency (principal, method, request_id, request_hash, create_time)"
            " SELECT '', '', n::text, '', now() - make_interval(days => n) FROM generate_series(1, 20) AS n"
        )
    )
    kept = text_statement("SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM idempotency)")
    relay = Running(Relay(publisher, Bus("nats://127.0.0.1:1"), "test", retention=Retention(outbox=7, request_ids=5)).run)
    await asyncio.sleep(0.3)
    await relay.kill()
    assert await publisher.fetch_one(kept) == (10, 20), "without NATS nothing is sent, and nothing unsent is removed"
    async with Running(Relay(publisher, bus, "test", retention=Retention(outbox=7, request_ids=5)).run):

        async def cleaned() -> bool:
            return await publisher.fetch_one(kept) == (0, 4)

        await until(cleaned)


@pytest.mark.parametrize(
    "message",
    [("t", "", b""), ("t", "new\nline", b""), ("t", "ü", b""), ("t", "k", b"x" * (MAX_EVENT_BYTES + 1))],
    ids=["no key", "line break", "not ASCII", "too big"],
)
def test_what_nats_could_not_take_is_refused_before_the_commit(message: tuple[str, str, bytes]) -> None:
    with pytest.raises(ValueError, match=r"key|bytes"):
        OutboxMessage(*message)
