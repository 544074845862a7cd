"""Channels to other contexts: what a generated stub needs, with deadline, trace and credentials taken from the current call."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import grpc
from google.protobuf.message import Message
from google.rpc import code_pb2, status_pb2
from grpc_status import rpc_status

from mesh import errors, metrics
from mesh.call import current_call
from mesh.policy import MethodPolicy
from mesh.status import from_status
from mesh.tracing import Tracing, finish_span
from mesh.transport.grpcio.server import MAX_MESSAGE_BYTES

_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", 30_000),
    # Retries are the control plane's: one place, one level of the call chain.
    ("grpc.enable_retries", 1),
)


class Channel:
    """A channel to one context. `target` is `xds:///movie`, or an address in tests; stubs treat it as a `grpc.aio.Channel`."""

    def __init__(self, target: str, policies: Mapping[str, MethodPolicy], tracing: Tracing) -> None:
        self._channel = grpc.aio.insecure_channel(target, options=_OPTIONS)
        self._policies = policies
        self._tracing = tracing

    def unary_unary(
        self, method: str, request_serializer: Any, response_deserializer: Any, _registered_method: bool = False
    ) -> Callable[..., Awaitable[Message]]:
        call = self._channel.unary_unary(method, request_serializer, response_deserializer)
        outgoing = _Outgoing(self._policies[method], self._tracing)

        async def send(request: Message) -> Message:
            with outgoing.attempt() as (timeout, metadata):
                return await call(request, timeout=timeout, metadata=metadata)  # type: ignore[no-any-return]  # grpc.aio is untyped here

        return send

    def stream_unary(
        self, method: str, request_serializer: Any, response_deserializer: Any, _registered_method: bool = False
    ) -> Callable[..., Awaitable[Message]]:
        call = self._channel.stream_unary(method, request_serializer, response_deserializer)
        outgoing = _Outgoing(self._policies[method], self._tracing)

        async def send(requests: AsyncIterator[Message]) -> Message:
            with outgoing.attempt() as (timeout, metadata):
                return await call(requests, timeout=timeout, metadata=metadata)  # type: ignore[no-any-return]  # grpc.aio is untyped here

        return send

    def unary_stream(
        self, method: str, request_serializer: Any, response_deserializer: Any, _registered_method: bool = False
    ) -> Callable[..., AsyncIterator[Message]]:
        return self._streaming(self._channel.unary_stream(method, request_serializer, response_deserializer), method)

    def stream_stream(
        self, method: str, request_serializer: Any, response_deserializer: Any, _registered_method: bool = False
    ) -> Callable[..., AsyncIterator[Message]]:
        return self._streaming(self._channel.stream_stream(method, request_serializer, response_deserializer), method)

    async def close(self) -> None:
        await self._channel.close()

    def _streaming(self, call: Any, method: str) -> Callable[..., AsyncIterator[Message]]:
        outgoing = _Outgoing(self._policies[method], self._tracing)

        async def send(request: Any) -> AsyncIterator[Message]:
            with outgoing.attempt() as (timeout, metadata):
                async for message in call(request, timeout=timeout, metadata=metadata):
                    yield message

        return send


class _Outgoing:
    """The calls of one method: what goes with each, and what comes of it."""

    def __init__(self, policy: MethodPolicy, tracing: Tracing) -> None:
        self._policy, self._tracing = policy, tracing
        self._metrics = metrics.called(policy.path[1:])

    def attempt(self) -> "_Attempt":
        return _Attempt(self._policy, self._tracing, self._metrics)


class _Attempt:
    __slots__ = ("_metrics", "_policy", "_span", "_started", "_tracing")

    def __init__(self, policy: MethodPolicy, tracing: Tracing, call_metrics: metrics.CallMetrics) -> None:
        self._policy, self._tracing, self._metrics = policy, tracing, call_metrics

    def __enter__(self) -> tuple[float, tuple[tuple[str, str], ...]]:
        self._started = time.perf_counter()
        traceparent, self._span = self._tracing.client_call(self._policy.path)
        call = current_call.get()
        if call is None:
            return self._policy.deadline, ()
        metadata = [("traceparent", traceparent)]
        if call.credentials:
            metadata.append(("authorization", call.credentials))
        if call.languages:
            metadata.append(("accept-language", ",".join(call.languages)))
        return min(self._policy.deadline, call.deadline.remaining()), tuple(metadata)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        code, translated = code_pb2.OK, None
        if isinstance(error, grpc.aio.AioRpcError):
            code = error.code().value[0]
            translated = _mesh_error(error)
        elif error is not None:
            code = code_pb2.CANCELLED
        self._metrics.observe(code, time.perf_counter() - self._started)
        if self._span is not None:
            finish_span(self._span, code_pb2.Code.Name(code), failed=code != code_pb2.OK)
        if translated is not None:
            raise translated from error


def _mesh_error(error: grpc.aio.AioRpcError) -> errors.MeshError:
    status = rpc_status.from_call(error)  # type: ignore[arg-type]  # it needs code, details and trailing metadata, which AioRpcError has
    if status is None:
        status = status_pb2.Status(code=error.code().value[0], message=error.details() or "")
    return from_status(status)
