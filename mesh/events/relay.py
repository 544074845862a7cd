"""Publishes the outbox: every committed event, in order for each key, at least once and recognisably the same."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import psycopg
from nats.aio.client import Client
from opentelemetry.trace import Span

from mesh.events import metrics
from mesh.events.bus import Bus
from mesh.events.housekeeping import Retention, clean
from mesh.events.leading import going_on, lead
from mesh.events.publishing import BATCH_LIMIT, Outgoing, publish_in_order
from mesh.events.streams import ensure_streams
from mesh.events.tracing import publishing
from mesh.events.wire import KEY, MESSAGE_ID, TIME, TRACEPARENT, TYPE, subject_of
from mesh.postgres.database import Database
from mesh.postgres.outbox import OUTBOX_CHANNEL
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Connection
from mesh.tracing import Tracing, finish, traceparent_of

_BATCH_BYTES = 4 << 20
_POLL_SECONDS = 0.5
_CLEAN_EVERY_SECONDS = 60.0

_UNSENT = text_statement(f"""
    SELECT id, event_id::text, type_name, key, payload, traceparent, create_time FROM (
        SELECT *, sum(octet_length(payload)) OVER (ORDER BY id) - octet_length(payload) AS bytes_before
        FROM (SELECT * FROM outbox WHERE sent_time IS NULL ORDER BY id LIMIT {BATCH_LIMIT}) AS first
    ) AS counted
    WHERE bytes_before < {_BATCH_BYTES} ORDER BY id
""")  # noqa: S608  # constants of ours
_SENT = text_statement("UPDATE outbox SET sent_time = clock_timestamp() WHERE id = ANY (%(ids)s)")
_AGAIN = text_statement(f"""
    WITH again AS (UPDATE outbox SET sent_time = NULL WHERE create_time >= %(since)s AND sent_time IS NOT NULL RETURNING 1)
    SELECT count(*), pg_notify('{OUTBOX_CHANNEL}', '') FROM again
""")  # noqa: S608  # a constant of ours


class Relay:
    """Any number may run for a context; one is active, another takes over when its connection ends.

    Only one, because two that share the work by SKIP LOCKED could publish two events of a key in the wrong order. It survives outages of
    PostgreSQL and of NATS, and does the housekeeping of the context's database on the side.
    """

    def __init__(
        self, database: Database, bus: Bus, context: str, *, retention: Retention | None = None, tracing: Tracing | None = None
    ) -> None:
        self._database = database
        self._bus = bus
        self._retention = retention or Retention()
        self._tracing = tracing
        self._lag = metrics.outbox_lag.labels(context)
        self._published = metrics.published.labels(context)
        self._next_cleaning = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; ends within about half a second of it."""
        await lead(self._database, "relay", stop, lambda connection: self._work(connection, stop))

    async def replay(self, since: datetime) -> int:
        """Publishes again what was written since then and is still kept, with the same ids; the number of events.

        For a stream that lost data. Consumers that have handled an event already do not handle it twice.
        """
        row = await self._database.fetch_one(_AGAIN, since=since)
        return int(row[0]) if row else 0

    async def _work(self, connection: Connection, stop: asyncio.Event) -> None:
        client = await self._bus.client(stop=stop)
        await ensure_streams(client)
        await connection.execute(f"LISTEN {OUTBOX_CHANNEL}".encode())
        while going_on(stop):
            if not await self._publish_some(connection, client):
                self._lag.set(0)
                await self._clean_when_due(connection)
                await _notified(connection)

    async def _publish_some(self, connection: Connection, client: Client) -> int:
        rows = await (await connection.execute(_UNSENT.sql, {})).fetchall()
        if rows:
            self._lag.set(max(0.0, (datetime.now(UTC) - rows[0][6]).total_seconds()))
            await self._publish(client, rows)
            await connection.execute(_SENT.sql, {"ids": [row[0] for row in rows]})
            self._published.inc(len(rows))
        return len(rows)

    async def _publish(self, client: Client, rows: list[tuple[Any, ...]]) -> None:
        spans = [publishing(self._tracing, event_id, type_name, traceparent) for _, event_id, type_name, _, _, traceparent, _ in rows]
        problem = ""
        try:
            await publish_in_order(client, [_outgoing(row, span) for row, span in zip(rows, spans, strict=True)])
        except BaseException as error:
            problem = type(error).__name__
            raise
        finally:
            for span in spans:
                if span is not None:
                    finish(span, problem)

    async def _clean_when_due(self, connection: Connection) -> None:
        if time.monotonic() >= self._next_cleaning:
            more = await clean(connection, self._retention)
            self._next_cleaning = time.monotonic() + (0.0 if more else _CLEAN_EVERY_SECONDS)


async def _notified(connection: psycopg.AsyncConnection[Any]) -> None:
    """Until something was committed; the timeout covers rows that were written without a notification."""
    async for _ in connection.notifies(timeout=_POLL_SECONDS, stop_after=1):
        pass


def _outgoing(row: tuple[Any, ...], span: Span | None) -> Outgoing:
    _, event_id, type_name, key, payload, traceparent, create_time = row
    headers = {MESSAGE_ID: event_id, TYPE: type_name, KEY: key, TIME: create_time.astimezone(UTC).isoformat()}
    if traceparent:
        headers[TRACEPARENT] = traceparent if span is None else traceparent_of(span)
    return Outgoing(subject_of(type_name), headers, payload)
