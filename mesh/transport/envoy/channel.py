"""Calls to other contexts through our own Envoy's clusters, while a request is being served; through gRPC's xDS channel otherwise.

Streams always take the gRPC channel: Envoy's dynamic modules have no flow control for the requests that they make, so that a fast sender
would fill our memory (https://github.com/curioswitch/pyvoy, docs/http-client.md, Limitations).
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import cache
from typing import Any

from google.protobuf.message import Message
from google.rpc import code_pb2, status_pb2

from mesh.control_plane import limits
from mesh.handlers import CallFailed
from mesh.policy import MethodPolicy
from mesh.service_tokens import Proof
from mesh.tracing import Tracing
from mesh.transport.envoy.exchange import Exchange, current_exchange
from mesh.transport.envoy.wire import Deframer, framed, refused, status_of, timeout_of
from mesh.transport.marks import SET, UNROUTED
from mesh.transport.outgoing import Outgoing
from mesh.transport.port import ClientChannel
from mesh.transport.retries import Retries

_GUARD = 1.0  # seconds after the deadline, when Envoy gives a call up that we have forgotten
_OK = 200
# https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
_CODES = {
    400: code_pb2.INTERNAL,
    401: code_pb2.UNAUTHENTICATED,
    403: code_pb2.PERMISSION_DENIED,
    404: code_pb2.UNIMPLEMENTED,
    429: code_pb2.UNAVAILABLE,
    502: code_pb2.UNAVAILABLE,
    503: code_pb2.UNAVAILABLE,
    504: code_pb2.UNAVAILABLE,
}


class HostedChannel:
    """A channel to `context`, which is also the name of the cluster; `outside` takes everything but unary calls in a request.

    It is made when it is first used: gRPC's core costs threads and memory that most services never need.
    """

    def __init__(
        self,
        context: str,
        policies: Mapping[str, MethodPolicy],
        tracing: Tracing,
        proof: Proof,
        outside: Callable[[], ClientChannel],
    ) -> None:
        self._context = context
        self._policies = policies
        self._tracing, self._proof = tracing, proof
        self._make_outside = outside
        self._made_outside: ClientChannel | None = None
        self._retries = Retries()

    def unary_unary(
        self, method: str, request_serializer: Any, response_deserializer: Any, _registered_method: bool = False
    ) -> Callable[..., Awaitable[Message]]:
        outside = self._from_outside("unary_unary", method, request_serializer, response_deserializer)
        outgoing = Outgoing(self._policies[method], self._tracing, _answered, self._retries, self._proof)
        through = _ThroughEnvoy(self._context, outgoing.policy, self._retries)

        async def send(request: Message) -> Message:
            exchange = current_exchange.get()
            # A task may outlive the request that began it (a load that others wait for); Envoy's streams do not.
            if exchange is None or not exchange.is_open:
                return await outside()(request)  # type: ignore[no-any-return]  # stubs know what they get
            try:
                with outgoing.attempt() as (timeout, metadata):
                    return response_deserializer(await through(exchange, request_serializer(request), timeout, metadata))  # type: ignore[no-any-return]  # as above
            except _CarrierLeft:
                return await outside()(request)  # type: ignore[no-any-return]  # as above

        return send

    def unary_stream(self, method: str, request_serializer: Any, response_deserializer: Any, _registered_method: bool = False) -> Any:
        call = self._from_outside("unary_stream", method, request_serializer, response_deserializer)
        return lambda request: call()(request)

    def stream_unary(self, method: str, request_serializer: Any, response_deserializer: Any, _registered_method: bool = False) -> Any:
        call = self._from_outside("stream_unary", method, request_serializer, response_deserializer)
        return lambda requests: call()(requests)

    def stream_stream(self, method: str, request_serializer: Any, response_deserializer: Any, _registered_method: bool = False) -> Any:
        call = self._from_outside("stream_stream", method, request_serializer, response_deserializer)
        return lambda requests: call()(requests)

    async def close(self) -> None:
        if self._made_outside is not None:
            await self._made_outside.close()

    def _from_outside(self, kind: str, method: str, request_serializer: Any, response_deserializer: Any) -> Callable[[], Any]:
        """What the stub of `method` would have got from the gRPC channel."""

        @cache
        def made() -> Any:
            if self._made_outside is None:
                self._made_outside = self._make_outside()
            return getattr(self._made_outside, kind)(method, request_serializer, response_deserializer)

        return made


class _CarrierLeft(Exception):
    """The request has ended whose stream in Envoy a call went with, and somebody still waits for its answer."""


class _ThroughEnvoy:
    """Unary calls of one method. Raises CallFailed for every answer but OK, and _CarrierLeft for a call that may be made again."""

    def __init__(self, cluster: str, policy: MethodPolicy, retries: Retries) -> None:
        # These exist only in a Python that runs in Envoy.
        from pyqwest import Headers, Request
        from pyvoy.asgi.httpclient import HTTPTransport

        self._headers, self._request = Headers, Request
        self._transport = HTTPTransport(cluster, timeout=policy.deadline + _GUARD)
        self._url = f"http://{cluster}{policy.path}"
        self._repeatable = policy.repeatable
        self._retries = retries

    async def __call__(self, exchange: Exchange, payload: bytes, seconds: float, metadata: tuple[tuple[str, str], ...]) -> bytes:
        body = framed(payload)
        loop = asyncio.get_running_loop()
        limit = loop.time() + seconds
        repetitions = limits.RETRIES if self._repeatable and self._retries.allowed else 0
        timer = asyncio.timeout_at(limit)
        if self._repeatable:
            exchange.carried.add(timer)
        try:
            async with timer:
                for pause in _pauses(repetitions):
                    try:
                        return await self._attempt(body, limit - loop.time(), metadata)
                    except CallFailed as failed:
                        if failed.status.code != code_pb2.UNAVAILABLE:
                            raise
                    await asyncio.sleep(pause)
                return await self._attempt(body, limit - loop.time(), metadata)
        except TimeoutError as error:
            if not exchange.is_open and loop.time() < limit:
                raise _CarrierLeft from error
            raise refused(code_pb2.DEADLINE_EXCEEDED, "The deadline passed before the answer was there.") from error
        finally:
            exchange.carried.discard(timer)

    async def _attempt(self, body: bytes, seconds: float, metadata: tuple[tuple[str, str], ...]) -> bytes:
        headers = self._headers(
            (("content-type", "application/grpc"), ("te", "trailers"), ("grpc-timeout", timeout_of(seconds)), (UNROUTED, SET), *metadata)
        )
        try:
            response = await self._transport.execute(self._request("POST", self._url, headers, body))
            received = b"".join([bytes(piece) async for piece in response.content])
        except TimeoutError:
            raise
        except OSError as error:  # also what pyqwest raises
            raise refused(code_pb2.UNAVAILABLE, f"The call did not get through: {error}") from error
        except Exception as error:
            raise refused(code_pb2.UNAVAILABLE, f"The call broke off: {error}") from error
        trailers = response.trailers if "grpc-status" in response.trailers else response.headers
        status = status_of(trailers)
        if status is None:
            code = _CODES.get(response.status, code_pb2.UNKNOWN) if response.status != _OK else code_pb2.UNKNOWN
            raise refused(code, f"The answer has no status of gRPC (HTTP {response.status}).")
        if status.code != code_pb2.OK:
            raise CallFailed(status)
        deframer = Deframer(response.headers.get("grpc-encoding", "identity").encode())
        deframer.feed(received)
        message = deframer.take()
        if message is None:
            raise refused(code_pb2.INTERNAL, "The answer has no message.")
        return message


def _pauses(count: int) -> Iterator[float]:
    """Seconds before each repetition, twice as long each time, as gRPC and Envoy do it."""
    for number in range(count):
        pause = min(limits.RETRY_BACKOFF * 2**number, limits.RETRY_BACKOFF_MAX)
        yield pause.total_seconds() * random.uniform(0.8, 1.2)  # noqa: S311  # jitter, not a secret


def _answered(error: BaseException) -> status_pb2.Status | None:
    return error.status if isinstance(error, CallFailed) else None
