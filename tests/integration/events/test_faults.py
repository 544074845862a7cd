"""R9: whatever process is killed, every event has its effect once, in the order of its key."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client

from mesh.events.bus import Bus
from mesh.events.consumer import Consumer
from mesh.events.publishing import Outgoing, publish_in_order
from mesh.events.relay import Relay
from mesh.postgres.database import Database
from mesh.postgres.statements import text_statement
from stack.servers.nats import NatsServer
from tests.integration.events.conftest import RECEIVED, UNSENT, Running, until, write
from tests.integration.events.invented import Counted, receive
from tests.integration.events.processes import ServiceProcess
from tests.servers import Killable

# Everybody whose turn it may be to die; "receiver's database" loses its connections instead.
VICTIMS = ("relay", "consumer", "broker", "relay", "receiver's database")
TERMINATE = text_statement(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
LEADER = text_statement("""
    SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND datname = current_database() AND application_name = ANY (%(names)s)
""")
KEYS, PER_TRANSACTION = 10, 5
PAUSE = 0.01  # seconds between two transactions of a writer, so that there is something to interrupt


class Stage:
    """Two databases, a broker that may be killed, and processes that work between them."""

    def __init__(self, publisher: Database, receiver: Database, broker: Killable, nats_url: str, bus: Bus, folder: Path) -> None:
        self.publisher, self.receiver, self.broker, self.bus = publisher, receiver, broker, bus
        self._nats_url, self._folder = nats_url, folder
        self._processes = ExitStack()

    def process(self, work: str, name: str, transport: str = "grpcio") -> ServiceProcess:
        """Started; killed at the end of the test at the latest."""
        url = self._database(work).url
        process = ServiceProcess(name, work, self._folder, database_url=url, nats_url=self._nats_url, transport=transport)
        self._processes.callback(process.kill)
        process.start()
        return process

    def close(self) -> None:
        self._processes.close()

    async def leader(self, work: str, processes: Sequence[ServiceProcess]) -> ServiceProcess:
        """The one that does the work of them all; waits until there is one. As under a supervisor, one that could not start, because its
        database went away just then, is started again."""
        by_name = {f"reelmesh {process.name}": process for process in processes}
        database, found = self._database(work), ""

        async def leads() -> bool:
            nonlocal found
            row = await database.fetch_one(LEADER, names=list(by_name))
            found = row[0] if row else ""
            for process in processes:
                if not process.goes_on:
                    process.start()
            return bool(row)

        try:
            await until(leads, 60)
        except TimeoutError:
            raise AssertionError("\n".join(f"{process.name}: {process.last_words}" for process in processes)) from None
        return by_name[found]

    async def outbox_empty(self) -> bool:
        return await self.publisher.fetch_one(UNSENT) == (0,)

    async def rows(self, at_least: int) -> list[tuple[Any, ...]]:
        """What was received, in its order, once it is that much and the outbox is empty; what there is when that never comes."""

        async def all_there() -> bool:
            rows = await self.receiver.fetch_all(RECEIVED)
            return len(rows) >= at_least and await self.outbox_empty()

        with suppress(TimeoutError):
            await until(all_there, 60)
        await asyncio.sleep(0.3)  # for what should not come
        return await self.receiver.fetch_all(RECEIVED)

    def _database(self, work: str) -> Database:
        return self.publisher if work.startswith("relay") else self.receiver


@pytest.fixture
async def stage(publisher: Database, receiver: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    server = NatsServer(tmp_path / "broker")
    broker = Killable(server, tmp_path / "broker.log")
    broker.start()
    bus = Bus(server.url)
    await bus.open()
    stage = Stage(publisher, receiver, broker, server.url, bus, tmp_path)
    yield stage
    stage.close()
    await bus.close()
    broker.stop()


def assert_exactly_once_and_in_order(rows: list[tuple[Any, ...]], keys: int, per_key: int) -> None:
    by_key: dict[str, list[int]] = {}
    for key, number in rows:
        by_key.setdefault(key, []).append(number)
    assert len(by_key) == keys
    for key, numbers in by_key.items():
        assert sorted(numbers) == list(range(per_key)), f"{key}: lost or duplicate"
        assert numbers == sorted(numbers), f"{key}: out of order"


@pytest.mark.parametrize(
    ("events", "kills", "transport"),
    [
        (2_500, 5, "grpcio"),
        pytest.param(100_000, 50, "grpcio", marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
        pytest.param(100_000, 50, "envoy", marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
    ],
)
async def test_nothing_is_lost_doubled_or_reordered_by_kills_of_relay_broker_and_consumer(
    stage: Stage, events: int, kills: int, transport: str
) -> None:
    chance = random.Random(kills)
    each_turn = events // KEYS // kills
    writing = each_turn / PER_TRANSACTION * PAUSE  # seconds of a turn at least
    working = {work: [stage.process(work, f"{work}-{number}", transport) for number in (1, 2)] for work in ("relay", "consumer")}
    for work, processes in working.items():
        await stage.leader(work, processes)
    under_way = 0

    async def write_some(key: str, first: int) -> None:
        for start in range(first, first + each_turn, PER_TRANSACTION):
            await write(stage.publisher, *((key, number) for number in range(start, start + PER_TRANSACTION)))
            await asyncio.sleep(PAUSE)

    for turn in range(kills):
        victim = VICTIMS[turn % len(VICTIMS)]
        leader = await stage.leader(victim, working[victim]) if victim in working else None
        writers = asyncio.gather(*(write_some(f"key{number}", turn * each_turn) for number in range(KEYS)))
        await asyncio.sleep(chance.uniform(0.2, 0.9) * writing)
        if leader is not None:
            leader.kill()
        elif victim == "broker":
            stage.broker.kill()
        else:
            await stage.receiver.fetch_all(TERMINATE)
        under_way += not writers.done()
        await asyncio.sleep(chance.uniform(0.0, 0.3))
        if leader is not None:
            leader.start()
        elif victim == "broker":
            stage.broker.start()
        await writers
    assert under_way > kills / 2, "most kills found nothing to interrupt"
    rows = await stage.rows(events)
    assert_exactly_once_and_in_order(rows, KEYS, events // KEYS)


async def relay_dies(stage: Stage, work: str, at_least: int = 110) -> list[tuple[Any, ...]]:
    """With a hundred events at hand it dies, ten more are written, another goes on."""
    await write(stage.publisher, *(("a", number) for number in range(100)))
    assert await stage.process(work, "relay-1").ended() == -9
    await write(stage.publisher, *(("a", number) for number in range(100, 110)))
    stage.process("relay", "relay-2")
    async with Running(Consumer("test_received", stage.receiver, stage.bus, {Counted: receive}).run):
        return await stage.rows(at_least)


async def consumer_dies(stage: Stage, work: str, successor: str, at_least: int = 110) -> list[tuple[Any, ...]]:
    """With the first events of a hundred delivered it dies, ten more are written, another goes on."""
    async with Running(Relay(stage.publisher, stage.bus, "test").run):
        await write(stage.publisher, *(("a", number) for number in range(100)))
        await until(stage.outbox_empty)
        assert await stage.process(work, "consumer-1").ended() == -9
        await write(stage.publisher, *(("a", number) for number in range(100, 110)))
        stage.process(successor, "consumer-2")
        return await stage.rows(at_least)


@pytest.mark.parametrize("point", ["between commit and publish", "between publish and mark"])
async def test_a_relay_killed_there_loses_and_repeats_nothing(stage: Stage, point: str) -> None:
    assert_exactly_once_and_in_order(await relay_dies(stage, f"relay that dies {point}"), 1, 110)
    assert (await (await stage.bus.client()).jetstream().stream_info("EVENTS")).state.messages == 110


async def test_without_its_order_of_steps_the_same_kill_of_a_relay_loses_events(stage: Stage) -> None:
    """The negative control: noted as published first."""
    rows = await relay_dies(stage, "relay that marks, then dies before it publishes", at_least=10)
    assert rows == [("a", number) for number in range(100, 110)]


@pytest.mark.parametrize("point", ["between delivery and effect", "between effect and ack"])
async def test_a_consumer_killed_there_loses_repeats_and_reorders_nothing(stage: Stage, point: str) -> None:
    assert_exactly_once_and_in_order(await consumer_dies(stage, f"consumer that dies {point}", "consumer"), 1, 110)


async def test_without_the_inbox_the_same_kill_of_a_consumer_repeats_effects(stage: Stage) -> None:
    """The negative control."""
    rows = await consumer_dies(stage, "consumer that dies between effect and ack", "consumer without inbox", at_least=111)
    assert len(rows) > len(set(rows))


async def test_without_the_reset_the_same_kill_of_a_consumer_leaves_events_behind(stage: Stage) -> None:
    """The negative control: later events of a key come before earlier ones."""
    rows = await consumer_dies(stage, "consumer that dies between delivery and effect", "consumer without reset", at_least=60)
    assert rows[0] != ("a", 0)


class LocklessRelay(Relay):
    """Without leadership: it works whoever else does."""

    async def run(self, stop: asyncio.Event) -> None:
        async with self._database.dedicated_connection() as connection:
            await self._work(connection, stop)


@pytest.mark.parametrize(("kind", "sent"), [(Relay, 10), (LocklessRelay, 20)], ids=["one works", "negative control"])
async def test_of_two_relays_only_one_publishes_because_of_the_lock(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, kind: type[Relay], sent: int
) -> None:
    published: list[Outgoing] = []

    async def publish_slowly(client: Client, messages: Sequence[Outgoing]) -> None:
        published.extend(messages)
        await asyncio.sleep(0.5)
        await publish_in_order(client, messages)

    monkeypatch.setattr("mesh.events.relay.publish_in_order", publish_slowly)
    async with Running(kind(stage.publisher, stage.bus, "test").run), Running(kind(stage.publisher, stage.bus, "test").run):
        await asyncio.sleep(0.2)
        await write(stage.publisher, *(("a", number) for number in range(10)))
        await until(stage.outbox_empty)
    assert len(published) == sent
