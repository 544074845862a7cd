"""The standard health and reflection services, by their standard servicers, as methods of a transport that is not gRPC's own."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc import code_pb2
from grpc_health.v1 import health, health_pb2
from grpc_reflection.v1alpha import reflection as grpc_reflection
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha._async import ReflectionServicer  # the public name is its registration only

from mesh.handlers import Incoming
from mesh.transport.envoy.wire import refused
from mesh.transport.reflected import reflected_pool


@dataclass(frozen=True, slots=True)
class _Method:
    path: str
    client_streaming: bool = False
    server_streaming: bool = False

    @property
    def service(self) -> str:
        return self.path[1:].partition("/")[0]

    @property
    def method(self) -> str:
        return self.path.rpartition("/")[2]


class _Context:
    """What the standard servicers use of `grpc.aio.ServicerContext`."""

    def __init__(self) -> None:
        self.written: asyncio.Queue[Message] = asyncio.Queue()

    async def abort(self, code: grpc.StatusCode, details: str = "") -> None:
        raise refused(code.value[0], details)

    async def write(self, message: Message) -> None:
        self.written.put_nowait(message)


class _Unary:
    def __init__(self, policy: _Method, behaviour: Callable[[Any, Any], Any], request: type[Message]) -> None:
        self.policy = policy
        self._behaviour = behaviour
        self._request = request

    async def unary(self, payload: bytes | AsyncIterator[bytes], incoming: Incoming) -> bytes:
        answer: Message = await self._behaviour(_parsed(self._request, payload), _Context())
        return answer.SerializeToString()

    def stream(self, payload: bytes | AsyncIterator[bytes], incoming: Incoming) -> AsyncGenerator[bytes, None]:
        raise TypeError(f"{self.policy.path} answers one message")


class _Watch(_Unary):
    """Its behaviour writes to the context instead of yielding."""

    async def stream(self, payload: bytes | AsyncIterator[bytes], incoming: Incoming) -> AsyncGenerator[bytes, None]:
        context = _Context()
        watching = asyncio.ensure_future(self._behaviour(_parsed(self._request, payload), context))
        try:
            while True:
                yield (await context.written.get()).SerializeToString()
        finally:
            watching.cancel()


class _Reflection(_Unary):
    async def stream(self, payload: bytes | AsyncIterator[bytes], incoming: Incoming) -> AsyncGenerator[bytes, None]:
        assert not isinstance(payload, bytes)  # noqa: S101  # the method takes a stream

        async def requests() -> AsyncIterator[Message]:
            async for each in payload:
                yield _parsed(self._request, each)

        async for answer in self._behaviour(requests(), _Context()):
            yield answer.SerializeToString()


class Health:
    """grpc.health.v1.Health for `services` and, under the empty name, the process; NOT_SERVING until told otherwise."""

    def __init__(self, services: Sequence[str]) -> None:
        self.services = services
        self._servicer = health.aio.HealthServicer()
        prefix, request = f"/{health.SERVICE_NAME}/", health_pb2.HealthCheckRequest
        self.methods: list[_Unary] = [
            _Unary(_Method(prefix + "Check"), self._servicer.Check, request),
            _Watch(_Method(prefix + "Watch", server_streaming=True), self._servicer.Watch, request),
        ]

    async def set_serving(self, serving: bool) -> None:
        status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for service in ("", *self.services):
            await self._servicer.set(service, status)

    async def shut_down(self) -> None:
        await self._servicer.enter_graceful_shutdown()


def reflection(services: Sequence[str]) -> list[_Unary]:
    servicer = ReflectionServicer([*services, health.SERVICE_NAME, grpc_reflection.SERVICE_NAME], reflected_pool())
    path = f"/{grpc_reflection.SERVICE_NAME}/ServerReflectionInfo"
    request: Any = reflection_pb2
    return [_Reflection(_Method(path, True, True), servicer.ServerReflectionInfo, request.ServerReflectionRequest)]


def _parsed(kind: type[Message], payload: bytes | AsyncIterator[bytes]) -> Message:
    assert isinstance(payload, bytes)  # noqa: S101  # the method takes one message
    try:
        return kind.FromString(payload)
    except DecodeError as error:
        raise refused(code_pb2.INVALID_ARGUMENT, "The request is not a valid message of its type.") from error
