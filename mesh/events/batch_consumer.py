"""A durable consumer whose handler takes a whole batch, for projections that are written with sets of rows."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from google.protobuf.message import Message

from mesh.events.bus import Bus
from mesh.events.consumer import Consumer, Delivered, Handler
from mesh.events.tracing import handling
from mesh.events.wire import EventMeta
from mesh.postgres.database import Database
from mesh.postgres.transaction import Transaction
from mesh.tracing import Tracing

BatchHandler: TypeAlias = Callable[[Transaction, Sequence[Message]], Awaitable[None]]


class BatchConsumer(Consumer):
    """As Consumer, but `handle` gets all new events of a batch at once, of all `types`, in their order.

    A batch whose handling fails is handled event by event, as lists of one.
    """

    def __init__(
        self,
        durable: str,
        database: Database,
        bus: Bus,
        types: Sequence[type[Message]],
        handle: BatchHandler,
        *,
        batch: int = 200,
        attempts: int = 5,
        retry_seconds: float = 0.1,
        tracing: Tracing | None = None,
    ) -> None:
        handlers: dict[type[Message], Handler] = dict.fromkeys(types, self._handle_one)
        super().__init__(durable, database, bus, handlers, batch=batch, attempts=attempts, retry_seconds=retry_seconds, tracing=tracing)
        self._handle_batch = handle

    async def _apply_new(self, transaction: Transaction, events: Sequence[Delivered]) -> None:
        if not events:
            return
        with handling(self._tracing, self._durable, [event.meta for event in events]):
            await self._handle_batch(transaction, [event.message for event in events])

    async def _handle_one(self, transaction: Transaction, event: Any, meta: EventMeta) -> None:
        await self._handle_batch(transaction, [event])
