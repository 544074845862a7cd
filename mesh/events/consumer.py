"""A context's durable consumer: the effect of every event exactly once, in order, in the context's own database."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

import structlog
from google.protobuf.message import Message
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from mesh.events import metrics
from mesh.events.bus import Bus
from mesh.events.dead_letters import publish_dead_letter
from mesh.events.leading import going_on, lead, pause
from mesh.events.pulling import Puller
from mesh.events.streams import EVENTS, ensure_streams
from mesh.events.tracing import handling
from mesh.events.wire import EventMeta, MalformedEventError, read_event, subject_of
from mesh.postgres.database import Database, transaction_on
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Connection, Transaction
from mesh.tracing import Tracing

_log = structlog.get_logger(__name__)
_ACK_WAIT_SECONDS = 60.0

# Handlers of other types than their key would be a mistake of the context; the types of a dict's values cannot follow its keys.
Handler: TypeAlias = Callable[[Transaction, Any, EventMeta], Awaitable[None]]

_TAKE = text_statement("""
    INSERT INTO inbox (consumer, event_id) SELECT %(consumer)s, unnest(%(ids)s::uuid[]) ON CONFLICT DO NOTHING RETURNING event_id::text
""")


@dataclass(frozen=True, slots=True)
class Delivered:
    """An event that was read, and the message that it was read from."""

    source: Msg
    message: Message
    meta: EventMeta


class Consumer:
    """`durable` names the consumer in JetStream and in the inbox: letters, digits, - and _; never change it.

    Any number of instances may run; one is active. A batch is handled in one transaction together with its inbox rows and is
    acknowledged after the commit, so a crash anywhere leads to a delivery whose event the inbox knows. When a batch fails its events
    are handled one by one; an event that fails `attempts` times goes to the dead letters and the next ones go on. An outage of the
    database or of NATS is no failure of the event: it is waited out.
    """

    def __init__(
        self,
        durable: str,
        database: Database,
        bus: Bus,
        handlers: Mapping[type[Message], Handler],
        *,
        batch: int = 200,
        attempts: int = 5,
        retry_seconds: float = 0.1,
        tracing: Tracing | None = None,
    ) -> None:
        self._durable = durable
        self._database = database
        self._bus = bus
        self._types = {kind.DESCRIPTOR.full_name: kind for kind in handlers}
        self._handlers = {kind.DESCRIPTOR.full_name: handler for kind, handler in handlers.items()}
        self._batch = batch
        self._attempts = attempts
        self._retry_seconds = retry_seconds
        self._tracing = tracing
        self._handled = metrics.handled.labels(durable)
        self._failures = metrics.failures.labels(durable)
        self._dead = metrics.dead_lettered.labels(durable)
        self._lag = metrics.consumer_lag.labels(durable)
        self._pending = metrics.consumer_pending.labels(durable)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; a batch at work is finished first."""
        await lead(self._database, f"consumer {self._durable}", stop, lambda connection: self._work(connection, stop))

    async def _work(self, connection: Connection, stop: asyncio.Event) -> None:
        client = await self._bus.client(stop=stop)
        await ensure_streams(client)
        jetstream = client.jetstream()
        await jetstream.add_consumer(
            EVENTS,
            ConsumerConfig(
                durable_name=self._durable,
                deliver_policy=DeliverPolicy.ALL,
                # One acknowledgement for a batch: that of its last message.
                ack_policy=AckPolicy.ALL,
                ack_wait=_ACK_WAIT_SECONDS,
                max_ack_pending=4 * self._batch,
                filter_subjects=[subject_of(name) for name in sorted(self._types)],
            ),
        )
        # What our predecessor received and did not acknowledge comes first again, instead of after newer events.
        await jetstream.reset_consumer(EVENTS, self._durable)
        async with Puller(self._bus, client, self._durable, self._batch) as puller:
            while going_on(stop):
                messages = await puller.next_batch(wait=0.5)
                if not messages:
                    self._lag.set(0)
                    self._pending.set(0)
                    continue
                if not await self._handle(connection, client, messages, stop):
                    return
                await client.request(messages[-1].reply, b"+ACK", timeout=5)
                self._pending.set(messages[-1].metadata.num_pending)

    async def _handle(self, connection: Connection, client: Client, messages: Sequence[Msg], stop: asyncio.Event) -> bool:
        """False when told to stop before all of them were either handled or given up."""
        events: list[Delivered] = []
        for message in messages:
            try:
                content, meta = read_event(self._types, message.headers, message.data, message.metadata.sequence.stream)
                events.append(Delivered(message, content, meta))
            except MalformedEventError as error:
                await self._give_up(client, message, str(error))
        if events and await self._try(connection, events) is not None:
            for event in events:
                if not await self._handle_alone(connection, client, event, stop):
                    return False
        if events:
            self._lag.set(max(0.0, (datetime.now(UTC) - events[-1].meta.time).total_seconds()))
        return True

    async def _handle_alone(self, connection: Connection, client: Client, event: Delivered, stop: asyncio.Event) -> bool:
        """False when told to stop before the event was either handled or given up."""
        for attempt in range(1, self._attempts + 1):
            reason = await self._try(connection, [event])
            if reason is None:
                return True
            _log.warning(
                "event_failed",
                consumer=self._durable,
                event_id=event.meta.event_id,
                type=event.meta.type_name,
                attempt=attempt,
                reason=reason,
            )
            if attempt < self._attempts:
                await pause(stop, self._retry_seconds * 2 ** (attempt - 1))
                if stop.is_set():
                    return False
        await self._give_up(client, event.source, reason or "")
        return True

    async def _try(self, connection: Connection, events: Sequence[Delivered]) -> str | None:
        """None when the effect of all of them is committed, else why it is not; an outage is raised."""
        try:
            async with transaction_on(connection) as transaction:
                handled = await self._apply(transaction, events)
        except Exception as error:
            if connection.closed or connection.broken:
                raise
            self._failures.inc()
            return f"{type(error).__name__}: {error}"
        self._handled.inc(handled)
        return None

    async def _apply(self, transaction: Transaction, events: Sequence[Delivered]) -> int:
        ids = [event.meta.event_id for event in events]
        new = {row[0] for row in await transaction.fetch_all(_TAKE, consumer=self._durable, ids=ids)}
        fresh = []
        for event in events:
            if event.meta.event_id in new:
                new.remove(event.meta.event_id)  # the stream may hold it twice, even in one batch
                fresh.append(event)
        await self._apply_new(transaction, fresh)
        return len(fresh)

    async def _apply_new(self, transaction: Transaction, events: Sequence[Delivered]) -> None:
        for event in events:
            with handling(self._tracing, self._durable, [event.meta]):
                await self._handlers[event.meta.type_name](transaction, event.message, event.meta)

    async def _give_up(self, client: Client, message: Msg, reason: str) -> None:
        await publish_dead_letter(client, self._durable, message, reason)
        self._dead.inc()
        _log.error("event_dead_lettered", consumer=self._durable, sequence=message.metadata.sequence.stream, reason=reason)
