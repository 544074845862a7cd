"""Calls an RPC that is known only from the server's reflection: JSON in, JSON out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, cast

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2  # the details of a status are shown only when their types are known
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

from stack.channels import Channels
from stack.errors import StackError

_PLAIN = Channels()
_KNOWN_DETAILS = error_details_pb2.DESCRIPTOR.name
_REFLECTION_TIMEOUT = 10  # seconds
_MAX_MESSAGE = 64 << 20  # bytes


class CallFailed(Exception):
    """The server answered with an error; `status` is google.rpc.Status as JSON."""

    def __init__(self, status: dict[str, Any]) -> None:
        super().__init__(status.get("message", ""))
        self.status = status


@dataclass(frozen=True, slots=True)
class ReflectedMethod:
    descriptor: MethodDescriptor
    pool: DescriptorPool

    @property
    def path(self) -> str:
        return f"/{self.descriptor.containing_service.full_name}/{self.descriptor.name}"

    @property
    def takes_stream(self) -> bool:
        return bool(self.descriptor.client_streaming)

    @property
    def gives_stream(self) -> bool:
        return bool(self.descriptor.server_streaming)


class _Contract:
    """What one server tells about itself."""

    def __init__(self, address: str, channel: grpc.Channel) -> None:
        self.address = address
        self._database = ProtoReflectionDescriptorDatabase(channel)
        self.pool = DescriptorPool(self._database)

    def services(self) -> list[str]:
        return sorted(self._database.get_services())


class ReflectedChannel:
    """A channel to `address`. An edge knows routes, not types: what it does not describe, the servers at `describers` may."""

    def __init__(self, address: str, describers: Sequence[str] = (), channels: Channels = _PLAIN) -> None:
        limits = [("grpc.max_receive_message_length", _MAX_MESSAGE), ("grpc.max_send_message_length", _MAX_MESSAGE)]
        self._address = address
        self._channels = {name: channels.open(name, limits) for name in dict.fromkeys((address, *describers))}
        self._bad_request: StackError | None = None

    def __enter__(self) -> "ReflectedChannel":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for channel in self._channels.values():
            channel.close()

    def method(self, name: str) -> ReflectedMethod:
        """Takes `package.Service/Method`, `package.Service.Method`, and both without the package when that is unambiguous."""
        service, _, method = name.strip().lstrip("/").replace("/", ".").rpartition(".")
        try:
            grpc.channel_ready_future(self._channels[self._address]).result(timeout=_REFLECTION_TIMEOUT)
        except grpc.FutureTimeoutError:
            raise StackError(f"nobody answers at {self._address}") from None
        served: dict[str, _Contract] = {}
        for contract in (_Contract(address, channel) for address, channel in self._channels.items()):
            try:
                served = {**dict.fromkeys(contract.services(), contract), **served}
            except grpc.RpcError:
                continue  # no reflection there
            if len(found := _named(service, served)) == 1:
                return _method_of(served[found[0]], found[0], method)
        if not served:
            raise StackError(f"{self._address} does not describe itself by reflection")
        found = _named(service, served)
        raise StackError(
            f"there is no single service {service!r}: {'there are' if found else 'known are'} {', '.join(found or sorted(served))}"
        )

    def call(
        self, method: ReflectedMethod, requests: Iterator[object], metadata: Sequence[tuple[str, str]], timeout: float
    ) -> Iterator[dict[str, Any]]:
        """The answers as JSON objects; raises CallFailed for an error status. A bad request is told before anything is sent."""
        parsed = (self._message(method, request) for request in requests)
        request_or_stream: Any = self._checked_stream(parsed) if method.takes_stream else next(parsed)
        kind = {(False, False): "unary_unary", (False, True): "unary_stream", (True, False): "stream_unary", (True, True): "stream_stream"}
        answer_type = GetMessageClass(method.descriptor.output_type)
        stub = getattr(self._channels[self._address], kind[method.takes_stream, method.gives_stream])(
            method.path, request_serializer=lambda message: message.SerializeToString(), response_deserializer=answer_type.FromString
        )
        try:
            answer = stub(request_or_stream, metadata=list(metadata), timeout=timeout)
            for message in answer if method.gives_stream else [answer]:
                yield json_format.MessageToDict(
                    message, always_print_fields_with_no_presence=True, descriptor_pool=method.pool
                )  # zeros are there to be seen, as at the edge
        except grpc.RpcError as error:
            if self._bad_request is not None:
                raise self._bad_request from None
            raise CallFailed(_status(error)) from None

    def _checked_stream(self, messages: Iterator[Any]) -> Iterator[Any]:
        # gRPC consumes the stream in a thread of its own and would turn our error into a status without its sentence.
        try:
            yield from messages
        except StackError as error:
            self._bad_request = error
            raise

    def _message(self, method: ReflectedMethod, request: object) -> Any:
        message = GetMessageClass(method.descriptor.input_type)()
        try:  # ParseDict says what is wrong with anything that is not a dict
            return json_format.ParseDict(cast(dict[str, Any], request), message, descriptor_pool=method.pool)
        except (json_format.ParseError, AttributeError, TypeError) as error:
            raise StackError(f"the request is not a {method.descriptor.input_type.full_name}: {error}") from None


def _named(service: str, served: Iterable[str]) -> list[str]:
    matches = [full for full in served if service and (full == service or full.endswith(f".{service}"))]
    return [full for full in matches if full == service] or matches


def _method_of(contract: _Contract, service: str, method: str) -> ReflectedMethod:
    try:
        found = contract.pool.FindServiceByName(service)
    except (KeyError, grpc.RpcError):
        raise StackError(f"{contract.address} serves {service}, but its reflection does not describe it") from None
    if method not in found.methods_by_name:
        raise StackError(f"{service} has no method {method!r}, it has {', '.join(sorted(found.methods_by_name))}")
    return ReflectedMethod(found.methods_by_name[method], contract.pool)


def _status(error: grpc.RpcError) -> dict[str, Any]:
    if isinstance(error, grpc.Call) and (rich := rpc_status.from_call(error)) is not None:
        try:
            return json_format.MessageToDict(rich)
        except (TypeError, json_format.Error):
            return {"code": rich.code, "message": rich.message}
    code = error.code() if isinstance(error, grpc.Call) else grpc.StatusCode.UNKNOWN
    return {"code": code.value[0], "message": _details(error)}


def _details(error: grpc.RpcError) -> str:
    return str(error.details()) if isinstance(error, grpc.Call) else str(error)
