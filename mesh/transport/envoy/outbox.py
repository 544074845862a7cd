"""The messages that a handler streams: sent at once when Envoy is ready, joined while it is not, and no more than a slow reader takes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

_ENOUGH = 64 * 1024  # bytes that may wait here before the handler has to


class Outbox:
    """`put` returns when there is room for another message."""

    __slots__ = ("_frames", "_pending", "_send", "_waiter", "_waiting", "moved")

    def __init__(self, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        self._send = send
        self.moved = False  # Envoy has taken something; whoever looks sets it back
        self._frames: list[bytes] = []
        self._waiting = 0
        self._pending: asyncio.Future[None] | None = None
        self._waiter: asyncio.Future[None] | None = None

    async def put(self, frame: bytes) -> None:
        self._frames.append(frame)
        self._waiting += len(frame)
        if self._pending is None:
            self._flush()
        elif self._waiting >= _ENOUGH:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def rest(self) -> bytes:
        """What has not been sent, to go out with the end of the response."""
        rest = b"".join(self._frames)
        self._frames.clear()
        return rest

    def _flush(self) -> None:
        body = self._frames[0] if len(self._frames) == 1 else b"".join(self._frames)
        self._frames.clear()
        self._waiting = 0
        self._pending = asyncio.ensure_future(self._send({"type": "http.response.body", "body": body, "more_body": True}))
        self._pending.add_done_callback(self._sent)

    def _sent(self, pending: "asyncio.Future[None]") -> None:
        self._pending = None
        # An error says that the caller has left, of which the exchange hears by itself.
        if pending.cancelled() or pending.exception() is not None:
            return
        self.moved = True
        if self._frames:
            self._flush()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
