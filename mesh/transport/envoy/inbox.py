"""The messages that a caller streams, read ahead so little that a fast caller has to wait."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from google.rpc import status_pb2

from mesh.handlers import CallFailed
from mesh.transport.envoy.wire import Deframer

# Less than this is waiting: ask for more, which also tells at once when the caller leaves.
_READ_AHEAD = 256 * 1024


class Source(Protocol):
    """The exchange as an inbox sees it."""

    def ask(self, then: Callable[[dict[str, Any]], None]) -> None: ...
    def stop(self, verdict: status_pb2.Status | None) -> None: ...


class Inbox:
    """An asynchronous iterator of messages."""

    __slots__ = ("_asking", "_deframer", "_source", "_waiter", "has_ended")

    def __init__(self, source: Source, deframer: Deframer) -> None:
        self._source = source
        self._deframer = deframer
        self.has_ended = self._asking = False
        self._waiter: asyncio.Future[None] | None = None
        self._ask()

    def __aiter__(self) -> "Inbox":
        return self

    async def __anext__(self) -> bytes:
        while True:
            try:
                message = self._deframer.take()
                if message is None and self.has_ended:
                    self._deframer.finish()
            except CallFailed as failed:
                # A handler would take it for a failure of its own: it is cancelled, the caller is told.
                self._source.stop(failed.status)
                await asyncio.get_running_loop().create_future()
                raise
            if not self.has_ended and not self._asking and self._deframer.waiting < _READ_AHEAD:
                self._ask()
            if message is not None:
                return message
            if self.has_ended:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            if not self._asking:
                self._ask()  # a message larger than what is read ahead
            await self._waiter

    def _ask(self) -> None:
        self._asking = True
        self._source.ask(self._arrived)

    def _arrived(self, event: dict[str, Any]) -> None:
        self._asking = False
        self._deframer.feed(event["body"])
        self.has_ended = not event["more_body"]
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        if not self.has_ended and self._deframer.waiting < _READ_AHEAD:
            self._ask()
