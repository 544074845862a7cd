"""The outbox: events per second through relay and consumer, and the time from commit to effect at a steady rate.

`python -m bench.outbox [--json FILE]` starts its own PostgreSQL and NATS with their durable settings and ends by itself in about half
a minute. Writer, relay and consumer share one process here, so that one clock measures all; a mesh spreads them over three.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from rich.console import Console
from rich.table import Table

from mesh.events.bus import Bus
from mesh.events.consumer import Consumer
from mesh.events.relay import Relay
from mesh.events.wire import EventMeta
from mesh.postgres.database import Database
from mesh.postgres.outbox import outbox_message
from mesh.postgres.statements import text_statement
from mesh.postgres.tables import add_mesh_tables
from mesh.postgres.transaction import Connection, Transaction
from mesh.postgres.unit_of_work import UnitOfWork
from stack.servers.nats import NatsServer
from stack.servers.postgres import PostgresServer
from stack.servers.running import running

BACKLOG = 30_000
RATE = 500
SECONDS = 10
PATIENCE = 60.0

FILL = text_statement("""
    INSERT INTO outbox (type_name, key, payload, traceparent)
    SELECT %(type_name)s, 'keys/' || n %% 1000, %(payload)s, '' FROM generate_series(1, %(count)s) AS n
""")
UNSENT = text_statement("SELECT EXISTS (SELECT FROM outbox WHERE sent_time IS NULL)")
EFFECT = text_statement("INSERT INTO effects (number) VALUES (%(number)s)")
EFFECTS = text_statement("SELECT count(*) FROM effects")


def event_class() -> Any:
    """`message Counted { int64 number = 1; bytes padding = 2; }` of an invented context."""
    file = descriptor_pb2.FileDescriptorProto(name="bench_outbox.proto", package="reelmesh.bench.v1", syntax="proto3")
    message = file.message_type.add(name="Counted")
    optional, int64, octets = 1, 3, 12  # as google/protobuf/descriptor.proto numbers them
    message.field.add(name="number", number=1, type=int64, label=optional)
    message.field.add(name="padding", number=2, type=octets, label=optional)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("reelmesh.bench.v1.Counted"))


Counted = event_class()


async def insert_effect(transaction: Transaction, event: Any, meta: EventMeta) -> None:
    await transaction.execute(EFFECT, number=event.number)


class TimedConsumer(Consumer):
    """Notes when the effect of each event was committed."""

    effect_times: dict[int, float]

    async def _try(self, connection: Connection, events: Sequence[Any]) -> str | None:
        reason = await super()._try(connection, events)
        if reason is None:
            now = time.perf_counter()
            self.effect_times.update((event.message.number, now) for event in events)
        return reason


def make_tables(url: str) -> None:
    metadata = sa.MetaData()
    add_mesh_tables(metadata)
    sa.Table("effects", metadata, sa.Column("number", sa.BigInteger))
    engine = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url))
    metadata.create_all(engine)
    engine.dispose()


async def finished(database: Database, row: tuple[Any, ...], statement: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while await database.fetch_one(statement) != row:  # noqa: ASYNC110  # the condition lies in a database
            await asyncio.sleep(0.01)


async def backlog(publisher: Database, receiver: Database, bus: Bus) -> dict[str, float]:
    """First the relay alone, then the consumer alone, over the same events."""
    payload = Counted(number=1 << 40, padding=b"\0" * 300).SerializeToString()
    await publisher.execute(FILL, type_name=Counted.DESCRIPTOR.full_name, payload=payload, count=BACKLOG)
    rates = {}
    for name, work, database, done, statement in (
        ("relay_events_per_second", Relay(publisher, bus, "bench"), publisher, (False,), UNSENT),
        ("consumer_events_per_second", Consumer("bench", receiver, bus, {Counted: insert_effect}), receiver, (BACKLOG,), EFFECTS),
    ):
        stop = asyncio.Event()
        began = time.perf_counter()
        running_work = asyncio.create_task(work.run(stop))
        await finished(database, done, statement)
        rates[name] = BACKLOG / (time.perf_counter() - began)
        stop.set()
        await running_work
    return rates


async def steady(publisher: Database, receiver: Database, bus: Bus) -> dict[str, float]:
    consumer = TimedConsumer("bench", receiver, bus, {Counted: insert_effect})
    consumer.effect_times = {}
    commit_times: dict[int, float] = {}
    stop = asyncio.Event()
    work = [asyncio.create_task(runner.run(stop)) for runner in (Relay(publisher, bus, "bench"), consumer)]
    await asyncio.sleep(1)

    async def write(number: int) -> None:
        async with UnitOfWork(publisher, lambda event: outbox_message(event, f"keys/{event.number % 1000}")) as uow:
            uow.add_event(Counted(number=number, padding=b"\0" * 300))
            await uow.commit()
        commit_times[number] = time.perf_counter()

    began = time.perf_counter()
    async with asyncio.TaskGroup() as writers:
        for number in range(RATE * SECONDS):
            await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            writers.create_task(write(number))
    written_in = time.perf_counter() - began
    async with asyncio.timeout(PATIENCE):
        while len(consumer.effect_times) < RATE * SECONDS:  # noqa: ASYNC110  # filled by a subclass, not worth an event
            await asyncio.sleep(0.01)
    stop.set()
    await asyncio.gather(*work)
    # The relay may be quicker than the answer to COMMIT.
    delays = sorted(max(0.0, consumer.effect_times[number] - commit_times[number]) * 1000 for number in commit_times)
    return {
        "commits_per_second": RATE * SECONDS / written_in,
        "commit_to_effect_p50_ms": delays[len(delays) // 2],
        "commit_to_effect_p99_ms": delays[len(delays) * 99 // 100],
        "commit_to_effect_max_ms": delays[-1],
    }


async def measure(postgres: PostgresServer, nats: NatsServer) -> dict[str, float]:
    urls = [postgres.create_database(name) for name in ("publisher", "receiver")]
    for url in urls:
        make_tables(url)
    publisher, receiver, bus = Database(urls[0]), Database(urls[1]), Bus(nats.url)
    for opened in (publisher, receiver, bus):
        await opened.open()
    try:
        return {**await backlog(publisher, receiver, bus), **await steady(publisher, receiver, bus)}
    finally:
        for opened in (publisher, receiver, bus):
            await opened.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reelmesh-bench-") as folder:
        directory = Path(folder)
        with (
            running(PostgresServer(directory / "postgres"), directory / "postgres.log") as postgres,
            running(NatsServer(directory / "nats"), directory / "nats.log") as nats,
        ):
            figures = asyncio.run(measure(postgres, nats))
    targets = {"relay_events_per_second": "≥ 3,000", "commit_to_effect_p99_ms": f"≤ 200 at {RATE}/s"}
    table = Table(title="Outbox")
    for column in ("figure", "measured", "target"):
        table.add_column(column, justify="left" if column == "figure" else "right")
    for name, value in figures.items():
        table.add_row(name.replace("_", " "), f"{value:,.1f}", targets.get(name, ""))
    Console().print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
