"""Handlers under Envoy: finds the method of a request, watches the calls under way, drains."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any

from google.rpc import code_pb2, status_pb2

from mesh.control_plane.envoy_tls import PEER
from mesh.tls.identity import Identity
from mesh.transport.envoy.exchange import Exchange, Receive, Send
from mesh.transport.envoy.standard import Health, reflection
from mesh.transport.port import Servable

# How often each call under way is looked at: a caller that left is noticed within twice this time.
_LOOK_SECONDS = 0.02
_PEER = PEER.encode()
_CUT_OFF = status_pb2.Status(code=code_pb2.UNAVAILABLE, message="The service is going down.")
_UNWINDING_SECONDS = 1.0
# From our last answer until Envoy has written it.
_FLUSHING_SECONDS = 0.05


class Host:
    """The ASGI application, for scopes of type http. It has to be made and used in one event loop. With an `identity`, Envoy says in a
    header who calls."""

    def __init__(self, methods: Mapping[str, Servable], identity: Identity | None = None) -> None:
        self._identity = identity
        self._health = Health(sorted({method.policy.service for method in methods.values()}))
        standard = [*self._health.methods, *reflection(self._health.services)]
        served = {**methods, **{method.policy.path: method for method in standard}}
        self._methods = {path.encode(): method for path, method in served.items()}
        self._open: set[Exchange] = set()
        self._looking: asyncio.TimerHandle | None = None
        self._closed = False

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        content_type = headers.get(b"content-type", b"")
        if content_type != b"application/grpc" and not content_type.startswith((b"application/grpc+", b"application/grpc;")):
            _plain(send, 415)
            return
        if scope["method"] != "POST":
            _plain(send, 405)
            return
        exchange = Exchange(headers, receive, send)
        if self._closed:
            exchange.finish(_CUT_OFF)
            return
        method = self._methods.get(scope["raw_path"])
        if method is None:
            path = scope["raw_path"].decode("latin-1")
            exchange.finish(status_pb2.Status(code=code_pb2.UNIMPLEMENTED, message=f"There is no method {path} here."))
            return
        self._open.add(exchange)
        if self._looking is None:
            self._looking = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)
        try:
            await exchange.run(method, scope["client"], self._caller(headers))
        finally:
            self._open.discard(exchange)

    def _caller(self, headers: Mapping[bytes, bytes]) -> str:
        # Without an identity nobody has taken the header away from the caller.
        return "" if self._identity is None else self._identity.name(headers.get(_PEER, b"").decode("latin-1"))

    @property
    def calls(self) -> int:
        """Under way now."""
        return len(self._open)

    async def set_serving(self, serving: bool) -> None:
        """The health of the process as a whole (the empty name) and of each of its services."""
        await self._health.set_serving(serving)

    async def finish(self, grace: float) -> None:
        """Waits at most `grace` seconds for the calls under way; then what is left is cancelled, and what still comes is refused."""
        await self._health.shut_down()
        await self._ended(grace)
        self._closed = True
        for exchange in tuple(self._open):
            exchange.stop(_CUT_OFF)
        await self._ended(_UNWINDING_SECONDS)
        await asyncio.sleep(_FLUSHING_SECONDS)

    async def _ended(self, seconds: float) -> None:
        limit = time.monotonic() + seconds
        while self._open and time.monotonic() < limit:  # noqa: ASYNC110  # not worth an event on every call's way
            await asyncio.sleep(_LOOK_SECONDS)

    def _look(self) -> None:
        now = time.monotonic()
        for exchange in tuple(self._open):
            exchange.look(now)
        self._looking = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look) if self._open else None


def _plain(send: Send, status: int, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0"), *headers]})
    send({"type": "http.response.body", "body": b""})
