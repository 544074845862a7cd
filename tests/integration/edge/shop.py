"""The sample contract compiled at test time, and a service of it."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import google.api
import grpc
import grpc_tools  # type: ignore[import-untyped]  # ships no types
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from grpc_tools import protoc

from edge.descriptors import for_transcoder

_HERE = Path(__file__).parent
SERVICE = "shop.v1.Shop"
# Headers that the tests ask after.
_SEEN = (
    "accept-language",
    "authorization",
    "traceparent",
    "x-reelmesh-user",
    "x-reelmesh-caller",
    "x-envoy-original-path",
    "x-request-id",
    "x-forwarded-for",
    "x-custom",
)


@dataclass(frozen=True)
class ShopMethod:
    path: str
    context: str = "shop"
    deadline: float = 1.0
    repeatable: bool = False
    client_streaming: bool = False
    server_streaming: bool = False


METHODS = (
    ShopMethod(f"/{SERVICE}/GetItem", repeatable=True),
    ShopMethod(f"/{SERVICE}/ListItems", repeatable=True),
    ShopMethod(f"/{SERVICE}/CreateItem"),
    ShopMethod(f"/{SERVICE}/FailWith", repeatable=True),
    ShopMethod(f"/{SERVICE}/ExportItems", deadline=30, repeatable=True, server_streaming=True),
    ShopMethod(f"/{SERVICE}/ImportItems", deadline=30, client_streaming=True),
)


@cache
def descriptors(directory: Path) -> descriptor_pb2.FileDescriptorSet:
    output = directory / "shop.binpb"
    # protoc brings google/protobuf, googleapis-common-protos brings google/api.
    includes = [_HERE, Path(grpc_tools.__file__).parent / "_proto", Path(next(iter(google.api.__path__))).parents[1]]
    arguments = ["protoc", *(f"-I{include}" for include in includes), "--include_imports", f"--descriptor_set_out={output}", "shop.proto"]
    assert protoc.main(arguments) == 0
    return descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes())


class Contract:
    """Message classes by name, and what the edge needs."""

    def __init__(self, directory: Path) -> None:
        files = descriptors(directory)
        self.descriptor_set = for_transcoder(files)
        pool = descriptor_pool.DescriptorPool()
        for file in files.file:
            pool.Add(file)
        self._pool = pool

    def message(self, name: str) -> type[Message]:
        return message_factory.GetMessageClass(self._pool.FindMessageTypeByName(f"shop.v1.{name}"))


class Shop:
    """Answers as each method's name says. `calls` counts what arrived by method."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.calls: dict[str, int] = {}

    async def start(self) -> int:
        self._server = grpc.aio.server(options=(("grpc.max_receive_message_length", 16 * 1024 * 1024),))
        shapes: dict[str, Any] = {
            "GetItem": grpc.unary_unary_rpc_method_handler,
            "ListItems": grpc.unary_unary_rpc_method_handler,
            "CreateItem": grpc.unary_unary_rpc_method_handler,
            "FailWith": grpc.unary_unary_rpc_method_handler,
            "ExportItems": grpc.unary_stream_rpc_method_handler,
            "ImportItems": grpc.stream_unary_rpc_method_handler,
        }
        handlers = {
            name: shape(
                getattr(self, re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()),
                request_deserializer=self._contract.message(f"{name}Request").FromString,
                response_serializer=self._contract.message(f"{name}Response").SerializeToString,
            )
            for name, shape in shapes.items()
        }
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        return port

    async def stop(self) -> None:
        await self._server.stop(0)

    async def get_item(self, request: Any, context: Any) -> Message:
        self._count("GetItem")
        await asyncio.sleep(request.sleep)
        seen = {key: value for key, value in context.invocation_metadata() if key in _SEEN}
        return self._contract.message("GetItemResponse")(item=self._item(request.name, display_name="Ünïcode", seen=seen))

    async def list_items(self, request: Any, context: Any) -> Message:
        self._count("ListItems")
        items = [self._item(f"items/{number}", stock=number, colour=request.colour) for number in range(request.page_size)]
        items += [self._item(name) for name in request.names]
        return self._contract.message("ListItemsResponse")(items=items)

    async def create_item(self, request: Any, context: Any) -> Message:
        self._count("CreateItem")
        item = request.item if request.item_id == "echo" else self._item(f"items/{request.item_id}", stock=len(request.item.display_name))
        return self._contract.message("CreateItemResponse")(item=item)

    async def fail_with(self, request: Any, context: Any) -> Message:
        self._count("FailWith")
        if request.once and self.calls["FailWith"] > 1:
            return self._contract.message("FailWithResponse")()
        await fail(context, request.code)
        raise AssertionError("abort raises")

    async def export_items(self, request: Any, context: Any) -> AsyncIterator[Message]:
        self._count("ExportItems")
        if not request.count:
            await fail(context, 3)
        for number in range(request.count):
            await asyncio.sleep(request.pause)
            yield self._contract.message("ExportItemsResponse")(item=self._item(f"items/{number}"))

    async def import_items(self, requests: AsyncIterator[Any], context: Any) -> Message:
        self._count("ImportItems")
        count = 0
        async for _ in requests:
            count += 1
        return self._contract.message("ImportItemsResponse")(count=count)

    def _count(self, method: str) -> None:
        self.calls[method] = self.calls.get(method, 0) + 1

    def _item(self, name: str, **fields: Any) -> Message:
        return self._contract.message("Item")(name=name, **fields)


async def fail(context: Any, code: int, details: Sequence[Message] = ()) -> None:
    info = error_details_pb2.ErrorInfo(reason="SAMPLE", domain="reelmesh.shop", metadata={"item": "items/1"})
    violation = error_details_pb2.BadRequest.FieldViolation(field="code", description="was asked for")
    status = status_pb2.Status(code=code, message="as asked: naïve")
    for detail in (info, error_details_pb2.BadRequest(field_violations=[violation]), *details):
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    await context.abort_with_status(rpc_status.to_status(status))
