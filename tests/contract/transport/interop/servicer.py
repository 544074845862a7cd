"""What grpc.testing.TestService does, as a servicer of the mesh: https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any

from google.protobuf.message_factory import GetMessageClass
from google.rpc import status_pb2

from mesh.auth import Authenticator
from mesh.call import Call
from mesh.handlers import CallEnvironment, CallFailed, Handler, build_handlers
from mesh.keys import KeySet
from mesh.tracing import Tracing
from tests.contract.transport.interop.contract import interop_service, with_types_of

ECHO_LEADING = "x-grpc-test-echo-initial"
ECHO_TRAILING = "x-grpc-test-echo-trailing-bin"


class InteropServicer:
    """Its methods get their types from the contract, see `interop_methods`."""

    def __init__(self) -> None:
        messages = interop_service().file.message_types_by_name
        self._made: dict[str, Any] = {name: GetMessageClass(message) for name, message in messages.items()}

    async def EmptyCall(self, request: Any, call: Call) -> Any:
        return request

    async def UnaryCall(self, request: Any, call: Call) -> Any:
        _echo_metadata(call)
        _fail_if_asked(request)
        return self._made["SimpleResponse"](payload=self._payload(request, request.response_size))

    async def StreamingInputCall(self, request: Any, call: Call) -> Any:
        size = sum([len(part.payload.body) async for part in request])
        return self._made["StreamingInputCallResponse"](aggregated_payload_size=size)

    async def StreamingOutputCall(self, request: Any, call: Call) -> AsyncIterator[Any]:
        async for response in self._responses(request):
            yield response

    async def FullDuplexCall(self, request: Any, call: Call) -> AsyncIterator[Any]:
        _echo_metadata(call)
        async for each in request:
            _fail_if_asked(each)
            async for response in self._responses(each):
                yield response

    async def _responses(self, request: Any) -> AsyncIterator[Any]:
        for asked in request.response_parameters:
            if asked.interval_us:
                await asyncio.sleep(asked.interval_us / 1e6)
            yield self._made["StreamingOutputCallResponse"](payload=self._payload(request, asked.size))

    def _payload(self, request: Any, size: int) -> Any:
        return self._made["Payload"](type=request.response_type, body=bytes(size))


def _echo_metadata(call: Call) -> None:
    leading, trailing = call.metadata.get(ECHO_LEADING), call.binary_metadata.get(ECHO_TRAILING)
    if leading is not None:
        call.add_leading(ECHO_LEADING, leading)
    if trailing is not None:
        call.add_trailing(ECHO_TRAILING, trailing)


def _fail_if_asked(request: Any) -> None:
    asked = request.response_status
    if asked.code:
        raise CallFailed(status_pb2.Status(code=asked.code, message=asked.message))


def interop_methods(callers: Collection[str] | None = None) -> Mapping[str, Handler]:
    """By gRPC path. Needs no arguments, so that a process that is told its name can call it too."""
    service = interop_service()
    environment = CallEnvironment(Authenticator(KeySet(None), "reelmesh", "reelmesh"), Tracing("interop"), callers=callers)
    return build_handlers(service, with_types_of(service, InteropServicer)(), {}, environment)
