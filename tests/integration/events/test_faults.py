"""R9: whatever is killed, every event has its effect once, in the order of its key."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client

from mesh.errors import Unavailable
from mesh.events.bus import Bus
from mesh.events.consumer import Consumer
from mesh.events.publishing import Outgoing, publish_in_order
from mesh.events.relay import Relay
from mesh.postgres.database import Database
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction
from stack.servers.nats import NatsServer
from tests.integration.events.conftest import RECEIVED, UNSENT, Running, receive, until, write
from tests.integration.events.invented import Counted
from tests.servers import Killable

TERMINATE = text_statement(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
COUNT = text_statement("SELECT count(*) FROM received")


class ForgetfulConsumer(Consumer):
    """Without the inbox: it handles whatever is delivered."""

    async def _apply(self, transaction: Transaction, events: Sequence[Any]) -> int:
        for event in events:
            await receive(transaction, event.message, event.meta)
        return len(events)


def dying_before_the_ack(kind: type[Consumer]) -> type[Consumer]:
    class Dying(kind):  # type: ignore[valid-type,misc]  # a class made from an argument
        async def _handle(self, *arguments: Any) -> bool:
            await super()._handle(*arguments)
            raise asyncio.CancelledError

    return Dying


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[tuple[Killable, Bus]]:
    server = NatsServer(tmp_path / "broker")
    killable = Killable(server, tmp_path / "broker.log")
    killable.start()
    bus = Bus(server.url)
    await bus.open()
    yield killable, bus
    await bus.close()
    killable.stop()


def assert_exactly_once_and_in_order(rows: list[tuple[Any, ...]], per_key: int) -> None:
    by_key: dict[str, list[int]] = {}
    for key, number in rows:
        by_key.setdefault(key, []).append(number)
    for key, numbers in by_key.items():
        assert sorted(numbers) == list(range(per_key)), f"{key}: lost or duplicate"
        assert numbers == sorted(numbers), f"{key}: out of order"


@pytest.mark.parametrize(
    ("events", "kills", "seed"),
    [
        (3_000, 10, 1),
        pytest.param(20_000, 30, 3, marks=pytest.mark.slow),
        pytest.param(100_000, 50, 2, marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
    ],
)
async def test_nothing_is_lost_doubled_or_reordered_by_kills_of_relay_broker_and_consumer(
    publisher: Database, receiver: Database, broker: tuple[Killable, Bus], events: int, kills: int, seed: int
) -> None:
    server, bus = broker
    keys, per_transaction = 10, 5
    per_key = events // keys
    chance = random.Random(seed)

    async def write_all(key: str) -> None:
        for start in range(0, per_key, per_transaction):
            while True:
                with suppress(Unavailable):
                    await write(publisher, *((key, number) for number in range(start, start + per_transaction)))
                    break
            await asyncio.sleep(kills * 0.5 / (per_key / per_transaction))

    def started(name: str) -> Running:
        if name == "relay":
            return Running(Relay(publisher, bus, "test").run)
        return Running(Consumer("test_received", receiver, bus, {Counted: receive}, batch=50).run)

    tasks = {(name, instance): started(name) for name in ("relay", "consumer") for instance in (1, 2)}
    writers = asyncio.gather(*(write_all(f"key{n}") for n in range(keys)))
    for turn in range(kills):
        await asyncio.sleep(chance.uniform(0.1, 0.7))
        match ("relay", "consumer", "broker", "receiver's database", "relay")[turn % 5]:
            case "broker":
                server.kill()
                await asyncio.sleep(chance.uniform(0.0, 0.3))
                server.start()
            case "receiver's database":
                await receiver.fetch_all(TERMINATE)
            case name:
                for instance in (1, 2):
                    await tasks[name, instance].kill()
                    tasks[name, instance] = started(name)
    await writers

    async def all_there() -> bool:
        return await receiver.fetch_one(COUNT) == (events,) and await publisher.fetch_one(UNSENT) == (0,)

    with suppress(TimeoutError):
        await until(all_there, 30)
    await asyncio.sleep(0.3)
    for task in tasks.values():
        await task.kill()
    rows = await receiver.fetch_all(RECEIVED)
    assert len(rows) == events
    assert_exactly_once_and_in_order(rows, per_key)


async def test_a_relay_that_dies_between_publish_and_its_own_commit_repeats_nothing(
    publisher: Database, receiver: Database, broker: tuple[Killable, Bus], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, bus = broker

    async def publish_and_die(*arguments: Any) -> None:
        await publish_in_order(*arguments)
        raise asyncio.CancelledError

    await write(publisher, *(("a", number) for number in range(30)))
    monkeypatch.setattr("mesh.events.relay.publish_in_order", publish_and_die)
    with pytest.raises(asyncio.CancelledError):
        await Relay(publisher, bus, "test").run(asyncio.Event())
    monkeypatch.undo()
    assert await publisher.fetch_one(UNSENT) == (30,)
    await write(publisher, *(("a", number) for number in range(30, 40)))
    async with Running(Relay(publisher, bus, "test").run), Running(Consumer("test_received", receiver, bus, {Counted: receive}).run):

        async def all_sent() -> bool:
            return await publisher.fetch_one(UNSENT) == (0,) and await receiver.fetch_one(COUNT) == (40,)

        await until(all_sent)
    assert (await (await bus.client()).jetstream().stream_info("EVENTS")).state.messages == 40
    assert_exactly_once_and_in_order(await receiver.fetch_all(RECEIVED), 40)


async def crash_between_effect_and_ack(publisher: Database, receiver: Database, bus: Bus, kind: type[Consumer]) -> list[tuple[Any, ...]]:
    await write(publisher, *(("a", number) for number in range(100)))
    async with Running(Relay(publisher, bus, "test").run):
        dying = dying_before_the_ack(kind)("test_received", receiver, bus, {Counted: receive})
        with pytest.raises(asyncio.CancelledError):
            await dying.run(asyncio.Event())
        async with Running(kind("test_received", receiver, bus, {Counted: receive}).run):
            await write(publisher, *(("a", number) for number in range(100, 110)))

            async def last_there() -> bool:
                return (("a", 109)) in await receiver.fetch_all(RECEIVED)

            await until(last_there)
    return await receiver.fetch_all(RECEIVED)


async def test_a_consumer_that_dies_between_effect_and_ack_repeats_nothing(
    publisher: Database, receiver: Database, broker: tuple[Killable, Bus]
) -> None:
    rows = await crash_between_effect_and_ack(publisher, receiver, broker[1], Consumer)
    assert_exactly_once_and_in_order(rows, 110)


async def test_without_the_inbox_the_same_crash_repeats_effects(
    publisher: Database, receiver: Database, broker: tuple[Killable, Bus]
) -> None:
    """The negative control."""
    rows = await crash_between_effect_and_ack(publisher, receiver, broker[1], ForgetfulConsumer)
    assert len(rows) > 110


class LocklessRelay(Relay):
    """Without leadership: it works whoever else does."""

    async def run(self, stop: asyncio.Event) -> None:
        async with self._database.dedicated_connection() as connection:
            await self._work(connection, stop)


@pytest.mark.parametrize(("kind", "sent"), [(Relay, 10), (LocklessRelay, 20)], ids=["one works", "negative control"])
async def test_of_two_relays_only_one_publishes_because_of_the_lock(
    publisher: Database, broker: tuple[Killable, Bus], monkeypatch: pytest.MonkeyPatch, kind: type[Relay], sent: int
) -> None:
    published: list[Outgoing] = []

    async def publish_slowly(client: Client, messages: Sequence[Outgoing]) -> None:
        published.extend(messages)
        await asyncio.sleep(0.5)
        await publish_in_order(client, messages)

    monkeypatch.setattr("mesh.events.relay.publish_in_order", publish_slowly)
    async with Running(kind(publisher, broker[1], "test").run), Running(kind(publisher, broker[1], "test").run):
        await asyncio.sleep(0.2)
        await write(publisher, *(("a", number) for number in range(10)))

        async def all_sent() -> bool:
            return await publisher.fetch_one(UNSENT) == (0,)

        await until(all_sent)
    assert len(published) == sent
