"""Tells every instance of a service about events while it runs, for caches; nothing is kept, and repeated only what is asked for."""

import asyncio
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from google.protobuf.message import Message
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from mesh.events import metrics
from mesh.events.bus import Bus
from mesh.events.leading import OUTAGES, going_on, pause
from mesh.events.pulling import Puller
from mesh.events.streams import EVENTS, ensure_streams
from mesh.events.wire import EventMeta, MalformedEventError, read_event, subject_of

_log = structlog.get_logger(__name__)
_LIMIT = 500


class Broadcast:
    """`handlers` get every event published from now on, in order. `on_gap` is called whenever some may have been missed.

    That is: each time it has begun to listen (also the first time: what was cached before that is of unknown age), after a
    connection was lost or a delivery was left out, and for an event that it cannot read or whose handler fails. `listening` is whether
    events reach it now; without, a cache knows nothing of changes and has to age by itself.

    With `since`, events as old as that come first, each time that it begins to listen; `caught_up` is set when the first time is done.
    """

    def __init__(
        self,
        bus: Bus,
        handlers: Mapping[type[Message], Callable[[Any, EventMeta], None]],
        on_gap: Callable[[], None],
        *,
        name: str = "broadcast",
        since: timedelta | None = None,
    ) -> None:
        self._bus = bus
        self._types = {kind.DESCRIPTOR.full_name: kind for kind in handlers}
        self._handlers = {kind.DESCRIPTOR.full_name: handler for kind, handler in handlers.items()}
        self._on_gap = on_gap
        self._gaps = metrics.broadcast_gaps.labels(name)
        self._since = since
        self.listening = False
        self.caught_up = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        while going_on(stop):
            try:
                await self._listen(stop)
            except OUTAGES as error:
                _log.warning("broadcast_interrupted", error=type(error).__name__, detail=str(error))
            except Exception:
                _log.exception("broadcast_failed")
            finally:
                self.listening = False
            if not stop.is_set():
                self._gap()
                await pause(stop, 0.1)

    async def _listen(self, stop: asyncio.Event) -> None:
        client = await self._bus.client(stop=stop)
        await ensure_streams(client)
        name = f"broadcast-{uuid.uuid4().hex}"
        began = datetime.now(UTC) - self._since if self._since is not None else None
        made = await client.jetstream().add_consumer(
            EVENTS,
            ConsumerConfig(
                name=name,
                deliver_policy=DeliverPolicy.NEW if began is None else DeliverPolicy.BY_START_TIME,
                opt_start_time=began,
                ack_policy=AckPolicy.NONE,
                filter_subjects=[subject_of(type_name) for type_name in sorted(self._types)],
                inactive_threshold=30.0,  # the server removes it after we are gone
                mem_storage=True,
                num_replicas=1,
            ),
        )
        async with Puller(self._bus, client, name, _LIMIT) as puller:
            self.listening = True
            self._gap()
            if not made.num_pending:
                self.caught_up.set()
            while going_on(stop):
                for message in await puller.next_batch(wait=0.5):
                    self._tell(message.headers, message.data, message.metadata.sequence.stream)
                    if not message.metadata.num_pending:
                        self.caught_up.set()
        await client.jetstream().delete_consumer(EVENTS, name)

    def _tell(self, headers: Mapping[str, str] | None, payload: bytes, sequence: int) -> None:
        try:
            event, meta = read_event(self._types, headers, payload, sequence)
            self._handlers[meta.type_name](event, meta)
        except MalformedEventError:
            self._gap()
        except Exception:
            _log.exception("broadcast_handler_failed")
            self._gap()

    def _gap(self) -> None:
        self._gaps.inc()
        self._on_gap()
