"""One call from its HTTP request to its HTTP response, over the ASGI of pyvoy."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing
from contextvars import ContextVar
from typing import Any

import structlog
from google.rpc import code_pb2, status_pb2

from mesh.handlers import CallFailed, Incoming
from mesh.transport.envoy.inbox import Inbox
from mesh.transport.envoy.outbox import Outbox
from mesh.transport.envoy.wire import (
    ACCEPTED_ENCODINGS,
    BinaryMetadata,
    Deframer,
    Headers,
    TextMetadata,
    framed,
    metadata_headers,
    refused,
    seconds_of,
    status_headers,
)
from mesh.transport.port import Servable

_log = structlog.get_logger("mesh.transport")

Receive = Callable[[], "asyncio.Future[dict[str, Any]]"]
Send = Callable[[dict[str, Any]], Awaitable[None]]

GRPC = (b"content-type", b"application/grpc")
_START: dict[str, Any] = {"type": "http.response.start", "status": 200, "trailers": True, "headers": [GRPC]}
_OK: dict[str, Any] = {"type": "http.response.trailers", "headers": [(b"grpc-status", b"0")]}
_EMPTY: dict[str, Any] = {"type": "http.response.body", "body": b""}
# The handler's own time limit gives a status with details; ours is for those that have none, and for slow readers.
_DEADLINE_SLACK = 0.03
# Seconds after which a call is worth asking whether its caller still waits; nearly all have been answered by then.
_YOUNG = 0.02
# Seconds after a call's end, until which what is asked for it alone has been cancelled: what goes on is asked for others too.
_UNWINDING = 0.02
_TOO_LATE = status_pb2.Status(code=code_pb2.DEADLINE_EXCEEDED, message="The deadline passed before the answer was ready.")

current_exchange: ContextVar["Exchange | None"] = ContextVar("current_exchange", default=None)


class _ClientGone(Exception):
    """The caller has cancelled, or its connection is closed."""


class Exchange:
    """`run` serves the call; `look` is to be called now and then, and notices a caller that left and a deadline that passed."""

    __slots__ = (
        "_arrived",
        "_asking",
        "_headers",
        "_inbox",
        "_limit",
        "_outbox",
        "_reading",
        "_receive",
        "_response",
        "_send",
        "_started",
        "_task",
        "_verdict",
        "carried",
        "is_open",
    )

    def __init__(self, headers: dict[bytes, bytes], receive: Receive, send: Send) -> None:
        self._headers = headers
        self._receive, self._send = receive, send
        self._arrived = time.monotonic()
        self._limit: float | None = None
        self._inbox: Inbox | None = None
        self._outbox: Outbox | None = None
        self._task: asyncio.Task[Any] | None = None
        self._asking = self._reading = self._started = False
        self._verdict: status_pb2.Status | None = None
        self._response: Headers = [GRPC]
        self.is_open = True
        self.carried: set[asyncio.Timeout] = set()  # the limits of calls to other contexts that go with this one, and can go another way

    async def run(self, method: Servable, client: tuple[str, int] | None, identity: str) -> None:
        self._task = asyncio.current_task()
        current_exchange.set(self)
        try:
            await self._serve(method, client, identity)
        except CallFailed as failed:
            self.finish(failed.status)
        except _ClientGone:
            pass
        except asyncio.CancelledError:
            if self.is_open and self._verdict is None:
                raise
            # Ours, see `stop`: the call is over, the task is not cancelled for anybody else.
            if self._verdict is not None:
                self.finish(self._verdict)
        except Exception:
            _log.exception("unexpected error", method=method.policy.path)
            self.finish(status_pb2.Status(code=code_pb2.INTERNAL, message="Something went wrong on our side."))
        finally:
            self._close()

    def stop(self, verdict: status_pb2.Status | None) -> None:
        """Cancels the handler; the caller is told `verdict`, None when it has left."""
        if not self.is_open:
            return
        if self._reading:
            # The task waits for Envoy's future, which must not be cancelled: Envoy completes it when the response has ended.
            if verdict is not None:
                self.finish(verdict)
            return
        self._verdict = verdict
        if verdict is None:
            self._close()
        if self._task is not None:
            self._task.cancel()

    def look(self, now: float) -> None:
        if self._limit is not None and now > self._limit + _DEADLINE_SLACK:
            self.stop(_TOO_LATE)
        elif self._outbox is not None and self._outbox.moved:
            self._outbox.moved = False
        elif now - self._arrived > _YOUNG and not (self._asking or self._reading) and (self._inbox is None or self._inbox.has_ended):
            # With the body read to its end, Envoy tells of a caller that left only when it is asked.
            self.ask(_nothing)

    def ask(self, then: Callable[[dict[str, Any]], None]) -> None:
        """Reads what comes next and gives it to `then`, unless it is that the caller has left."""
        self._asking = True

        def told(future: "asyncio.Future[dict[str, Any]]") -> None:
            self._asking = False
            event = future.result()
            if event["type"] == "http.disconnect":
                self.stop(None)
            else:
                then(event)

        asyncio.ensure_future(self._receive()).add_done_callback(told)

    def start(self, leading: Iterable[tuple[str, str | bytes]] | None = None) -> None:
        """The head of the response, sent with the first piece of its body."""
        self._started = True
        if self._response == [GRPC] and not leading:
            self._send(_START)
        else:
            headers = [*self._response, *metadata_headers(leading or ())]
            self._send({"type": "http.response.start", "status": 200, "trailers": True, "headers": headers})

    def finish(
        self, status: status_pb2.Status | None, trailing: Iterable[tuple[str, str | bytes]] | None = None, body: bytes = b""
    ) -> None:
        """Ends the response. `status` None is OK. A response that ends takes effect at once, nothing has to be awaited."""
        self._close()
        trailers = status_headers(status) if status is not None else [(b"grpc-status", b"0")]
        if trailing:
            trailers.extend(metadata_headers(trailing))
        if self._started:
            self._send({"type": "http.response.body", "body": body} if body else _EMPTY)
            self._send({"type": "http.response.trailers", "headers": trailers})
            return
        self._started = True
        headers = [GRPC, *trailers]
        if status is not None and status.code == code_pb2.UNIMPLEMENTED:
            headers.append((b"grpc-accept-encoding", ACCEPTED_ENCODINGS))
        self._send({"type": "http.response.start", "status": 200, "headers": headers})
        self._send(_EMPTY)

    def _close(self) -> None:
        if not self.is_open:
            return
        self.is_open = False
        # Envoy drops what is carried without a word.
        until = asyncio.get_running_loop().time() + _UNWINDING
        for limit in self.carried:
            if not limit.expired():
                limit.reschedule(min(until, limit.when() or until))

    async def _serve(self, method: Servable, client: tuple[str, int] | None, identity: str) -> None:
        headers, policy = self._headers, method.policy
        timeout = headers.get(b"grpc-timeout")
        seconds = seconds_of(timeout) if timeout is not None else None
        self._limit = self._arrived + seconds if seconds is not None else None
        encoding = headers.get(b"grpc-encoding")
        gzip = encoding == b"gzip"
        if gzip:
            self._response = [GRPC, (b"grpc-encoding", b"gzip")]
        payload: bytes | AsyncIterator[bytes]
        if policy.client_streaming:
            payload = self._inbox = Inbox(self, Deframer(encoding))
        else:
            payload = await self._only_message(encoding)
        remaining = None if self._limit is None else max(0.0, self._limit - time.monotonic())
        peer = f"{client[0]}:{client[1]}" if client else ""
        incoming = Incoming(TextMetadata(headers), remaining, peer, BinaryMetadata(headers), [], [], identity)
        if policy.server_streaming:
            await self._stream(method, payload, incoming, gzip)
        else:
            answer = framed(await method.unary(payload, incoming), gzip=gzip)
            self._close()
            if not self._started:
                self.start(incoming.leading)
            self._send({"type": "http.response.body", "body": answer})
            if incoming.trailing:
                self._send({"type": "http.response.trailers", "headers": [(b"grpc-status", b"0"), *metadata_headers(incoming.trailing)]})
            else:
                self._send(_OK)

    async def _stream(self, method: Servable, payload: bytes | AsyncIterator[bytes], incoming: Incoming, gzip: bool) -> None:
        outbox = self._outbox = Outbox(self._send)
        try:
            # Closed at once when the caller leaves while the stream waits for it: whoever made it holds things open.
            async with aclosing(method.stream(payload, incoming)) as messages:
                async for message in messages:
                    if not self._started:
                        self.start(incoming.leading)
                    await outbox.put(framed(message, gzip=gzip))
        except CallFailed as failed:
            self.finish(failed.status, incoming.trailing, outbox.rest())
            return
        if not self._started:
            self.start(incoming.leading)
        self.finish(None, incoming.trailing, outbox.rest())

    async def _only_message(self, encoding: bytes | None) -> bytes:
        self._reading = True
        try:
            event = await self._receive()
            body = event.get("body")
            # Nearly every request: one piece, one plain message.
            if body and not event["more_body"] and body[0] == 0 and int.from_bytes(body[1:5]) == len(body) - 5:
                return bytes(body[5:])
            return await self._assembled(event, Deframer(encoding))
        finally:
            self._reading = False

    async def _assembled(self, event: dict[str, Any], deframer: Deframer) -> bytes:
        message: bytes | None = None
        while True:
            if event["type"] == "http.disconnect":
                raise _ClientGone
            deframer.feed(event["body"])
            while (found := deframer.take()) is not None:
                if message is not None:
                    raise refused(code_pb2.INTERNAL, "The method takes one message, there were more.")
                message = found
            if not event["more_body"]:
                break
            event = await self._receive()
        deframer.finish()
        if message is None:
            raise refused(code_pb2.INTERNAL, "The method takes one message, there was none.")
        return message


def _nothing(event: dict[str, Any]) -> None:
    return
