"""Channels to other contexts: what a generated stub needs, with deadline, trace and credentials taken from the current call."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import grpc
from google.protobuf.message import Message
from google.rpc import status_pb2
from grpc_status import rpc_status

from mesh.policy import MethodPolicy
from mesh.service_tokens import Proof
from mesh.tls.grpc_credentials import mesh_credentials
from mesh.tls.identity import Identity
from mesh.tracing import Tracing
from mesh.transport.outgoing import Outgoing
from mesh.transport.port import MAX_MESSAGE_BYTES
from mesh.transport.retries import Retries

_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", 30_000),
    # Retries are the control plane's routes: one place, one level of the call chain. Their budget is ours, see `mesh.transport.retries`.
    ("grpc.enable_retries", 1),
)


class Channel:
    """A channel to one context. `target` is `xds:///movie`, or an address in tests; stubs treat it as a `grpc.aio.Channel`."""

    def __init__(
        self, target: str, policies: Mapping[str, MethodPolicy], tracing: Tracing, proof: Proof, identity: Identity | None = None
    ) -> None:
        if identity is None:
            self._channel = grpc.aio.insecure_channel(target, options=_OPTIONS)
        else:
            self._channel = grpc.aio.secure_channel(target, mesh_credentials(identity), options=_OPTIONS)
        self._policies = policies
        self._tracing, self._proof = tracing, proof
        self._retries = Retries()

    def unary_unary(
        self, method: str, request_serializer: Any, response_deserializer: Any, _registered_method: bool = False
    ) -> Callable[..., Awaitable[Message]]:
        call = self._channel.unary_unary(method, request_serializer, response_deserializer)
        outgoing = Outgoing(self._policies[method], self._tracing, _status_of, self._retries, self._proof)

        async def send(request: Message) -> Message:
            with outgoing.attempt() as (timeout, metadata):
                return await call(request, timeout=timeout, metadata=metadata)  # type: ignore[no-any-return]  # grpc.aio is untyped here

        return send

    def stream_unary(
        self, method: str, request_serializer: Any, response_deserializer: Any, _registered_method: bool = False
    ) -> Callable[..., Awaitable[Message]]:
        call = self._channel.stream_unary(method, request_serializer, response_deserializer)
        outgoing = Outgoing(self._policies[method], self._tracing, _status_of, self._retries, self._proof)

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
        outgoing = Outgoing(self._policies[method], self._tracing, _status_of, self._retries, self._proof)

        async def send(request: Any) -> AsyncIterator[Message]:
            with outgoing.attempt() as (timeout, metadata):
                async for message in call(request, timeout=timeout, metadata=metadata):
                    yield message

        return send


def _status_of(error: BaseException) -> status_pb2.Status | None:
    if not isinstance(error, grpc.aio.AioRpcError):
        return None
    status = rpc_status.from_call(error)  # type: ignore[arg-type]  # it needs code, details and trailing metadata, which AioRpcError has
    return status or status_pb2.Status(code=error.code().value[0], message=error.details() or "")
