"""R10: an event that cannot be handled is put aside, and the rest goes on."""

import asyncio
import uuid
from typing import Any

import pytest
from google.protobuf.message import Message
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError

from mesh.errors import Unavailable
from mesh.events import dead_letters, metrics
from mesh.events.bus import Bus
from mesh.events.consumer import Consumer
from mesh.events.relay import Relay
from mesh.events.wire import EventMeta
from mesh.postgres.database import Database
from mesh.postgres.outbox import OutboxMessage, outbox_message
from mesh.postgres.transaction import Transaction
from mesh.postgres.unit_of_work import UnitOfWork
from tests.integration.events.conftest import RECEIVED, Running, until
from tests.integration.events.invented import Counted, receive

GARBAGE = OutboxMessage("reelmesh.test.v1.Counted", "a", b"\xff\xff not protobuf")


async def write_raw(database: Database, messages: list[OutboxMessage]) -> None:
    async with UnitOfWork(database, lambda message: message) as uow:
        for message in messages:
            uow.add_event(message)
        await uow.commit()


def good(number: int) -> OutboxMessage:
    return outbox_message(Counted(key="a", number=number), "a")


async def the_dead(bus: Bus, count: int) -> list[Any]:
    jetstream = (await bus.client()).jetstream()

    async def there() -> bool:
        try:
            return (await jetstream.stream_info("DEAD_LETTERS")).state.messages >= count
        except NotFoundError:  # the consumer makes the stream
            return False

    await until(there)
    assert (await jetstream.stream_info("DEAD_LETTERS")).state.messages == count
    return [await jetstream.get_msg("DEAD_LETTERS", sequence) for sequence in range(1, count + 1)]


def value(metric: Any, consumer: str) -> float:
    return float(metric.labels(consumer)._value.get())


@pytest.mark.parametrize("events", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_one_malformed_event_among_many_is_dead_lettered_and_the_rest_handled(
    publisher: Database, receiver: Database, bus: Bus, events: int
) -> None:
    name = f"poison_{uuid.uuid4().hex[:8]}"
    messages: list[OutboxMessage] = [good(number) for number in range(events - 1)]
    messages.insert(events // 2, GARBAGE)
    for start in range(0, events, 500):
        await write_raw(publisher, messages[start : start + 500])
    async with Running(Relay(publisher, bus, "test").run), Running(Consumer(name, receiver, bus, {Counted: receive}).run):

        async def caught_up() -> bool:
            return len(await receiver.fetch_all(RECEIVED)) == events - 1 and value(metrics.consumer_lag, name) < 1.0

        await until(caught_up, 10)
        [dead] = await the_dead(bus, 1)
    assert [number for _, number in await receiver.fetch_all(RECEIVED)] == list(range(events - 1))
    assert dead.data == GARBAGE.payload
    assert dead.headers[dead_letters.CONSUMER] == name
    assert dead.headers[dead_letters.SUBJECT] == "events.test.Counted"
    assert "DecodeError" in dead.headers[dead_letters.REASON]
    assert value(metrics.dead_lettered, name) == 1


class ConsumerThatNeverGivesUp(Consumer):
    async def _give_up(self, client: Client, message: Msg, reason: str) -> None:
        raise Unavailable("TEST", reason)


async def test_without_dead_letters_one_malformed_event_holds_up_all_that_follow(publisher: Database, receiver: Database, bus: Bus) -> None:
    """The negative control; what was held up comes as soon as the event is put aside after all."""
    await write_raw(publisher, [*(good(number) for number in range(10)), GARBAGE, *(good(number) for number in range(10, 20))])
    name = f"poison_{uuid.uuid4().hex[:8]}"

    async def all_there() -> bool:
        return len(await receiver.fetch_all(RECEIVED)) == 20

    async with Running(Relay(publisher, bus, "test").run):
        async with Running(ConsumerThatNeverGivesUp(name, receiver, bus, {Counted: receive}).run):
            with pytest.raises(TimeoutError):
                await until(all_there, 2)
        async with Running(Consumer(name, receiver, bus, {Counted: receive}).run):
            await until(all_there)


async def test_an_event_is_given_up_after_five_failures_and_those_after_it_keep_their_order(
    publisher: Database, receiver: Database, bus: Bus
) -> None:
    attempts: list[int] = []

    async def stumbling(transaction: Transaction, event: Any, meta: EventMeta) -> None:
        await receive(transaction, event, meta)
        if event.number == 7:
            attempts.append(event.number)
            raise ValueError("seven\nis too much for me")

    await write_raw(publisher, [good(number) for number in range(20)])
    name = f"poison_{uuid.uuid4().hex[:8]}"
    async with (
        Running(Relay(publisher, bus, "test").run),
        Running(Consumer(name, receiver, bus, {Counted: stumbling}, retry_seconds=0.01).run),
    ):
        [dead] = await the_dead(bus, 1)

        async def rest_there() -> bool:
            return len(await receiver.fetch_all(RECEIVED)) == 19

        await until(rest_there)
    assert len(attempts) == 6, "once with its batch, five times alone"
    assert [number for _, number in await receiver.fetch_all(RECEIVED)] == [n for n in range(20) if n != 7]
    assert dead.headers[dead_letters.REASON] == "ValueError: seven is too much for me"
    message: Message = Counted.FromString(dead.data)
    assert message == Counted(key="a", number=7)


async def test_an_event_that_fails_for_a_while_is_handled_in_its_turn(publisher: Database, receiver: Database, bus: Bus) -> None:
    failures = 0

    async def unlucky(transaction: Transaction, event: Any, meta: EventMeta) -> None:
        nonlocal failures
        await receive(transaction, event, meta)
        if event.number == 3 and failures < 3:
            failures += 1
            raise Unavailable("TEST", "not yet")

    await write_raw(publisher, [good(number) for number in range(10)])
    name = f"poison_{uuid.uuid4().hex[:8]}"
    async with (
        Running(Relay(publisher, bus, "test").run),
        Running(Consumer(name, receiver, bus, {Counted: unlucky}, retry_seconds=0.01).run),
    ):

        async def all_there() -> bool:
            return len(await receiver.fetch_all(RECEIVED)) == 10

        await until(all_there)
        await asyncio.sleep(0.1)
    assert [number for _, number in await receiver.fetch_all(RECEIVED)] == list(range(10))
    assert value(metrics.dead_lettered, name) == 0
