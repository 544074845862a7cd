"""gRPC and gRPC-Web on the same port: untouched, but for errors of the edge, which come as a gRPC status."""

import base64
import struct
from collections.abc import AsyncIterator
from typing import Any

import grpc
import httpx
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from tests.integration.edge.conftest import Edge
from tests.integration.edge.shop import SERVICE


@pytest.fixture
async def channel(edge: Edge) -> AsyncIterator[grpc.aio.Channel]:
    edge.shop.calls.clear()
    async with grpc.aio.insecure_channel(edge.address) as opened:
        yield opened


def caller(edge: Edge, channel: grpc.aio.Channel, name: str, shape: str = "unary_unary") -> Any:
    return getattr(channel, shape)(
        f"/{SERVICE}/{name}",
        request_serializer=edge.contract.message(f"{name}Request").SerializeToString,
        response_deserializer=edge.contract.message(f"{name}Response").FromString,
    )


def request(edge: Edge, method: str, /, **fields: Any) -> Any:
    return edge.contract.message(f"{method}Request")(**fields)


async def test_a_grpc_answer_keeps_its_wrapper(edge: Edge, channel: grpc.aio.Channel) -> None:
    answer = await caller(edge, channel, "GetItem")(request(edge, "GetItem", name="items/one"), metadata=(("x-reelmesh-user", "forged"),))
    assert answer.item.name == "items/one"
    assert "x-reelmesh-user" not in answer.item.seen


async def test_errors_of_a_service_pass_with_their_details(edge: Edge, channel: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await caller(edge, channel, "FailWith")(request(edge, "FailWith", code=9))
    status = rpc_status.from_call(raised.value)  # type: ignore[arg-type]  # it has what is needed
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (status.code, status.message, info.reason) == (9, "as asked: naïve", "SAMPLE")


async def test_streams_pass_in_both_directions_however_long(edge: Edge, channel: grpc.aio.Channel) -> None:
    answers = [
        answer.item.name async for answer in caller(edge, channel, "ExportItems", "unary_stream")(request(edge, "ExportItems", count=3))
    ]
    assert answers == ["items/0", "items/1", "items/2"]
    large = edge.contract.message("Item")(display_name="x" * 500_000)

    async def items() -> AsyncIterator[Any]:
        for _ in range(20):  # 10 MB: more than the edge takes as one body
            yield request(edge, "ImportItems", item=large)

    assert (await caller(edge, channel, "ImportItems", "stream_unary")(items())).count == 20


@pytest.mark.parametrize(
    ("path", "fields", "code", "message"),
    [
        (f"/{SERVICE}/Nothing", {}, grpc.StatusCode.UNIMPLEMENTED, "there is nothing at this path"),
        ("/nowhere.Service/Get", {}, grpc.StatusCode.UNIMPLEMENTED, "there is nothing at this path"),
        (f"/{SERVICE}/GetItem", {"sleep": 2}, grpc.StatusCode.DEADLINE_EXCEEDED, "the service did not answer in time"),
    ],
)
async def test_what_the_edge_refuses_is_a_grpc_status(
    edge: Edge, channel: grpc.aio.Channel, path: str, fields: dict[str, Any], code: grpc.StatusCode, message: str
) -> None:
    call: Any = channel.unary_unary(path, None, None)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call(request(edge, "GetItem", **fields).SerializeToString())
    assert raised.value.code() is code
    assert raised.value.details() == message


def framed(message: bytes) -> bytes:
    return b"\0" + struct.pack(">I", len(message)) + message


def frames(body: bytes) -> list[tuple[int, bytes]]:
    found = []
    while body:
        size = struct.unpack(">I", body[1:5])[0]
        found.append((body[0], body[5 : 5 + size]))
        body = body[5 + size :]
    return found


def unarmoured(text: str) -> bytes:
    """Base64 parts, each padded by itself, one after the other."""
    parts = [part for part in text.split("=") if part]
    return b"".join(base64.b64decode(part + "=" * (-len(part) % 4)) for part in parts)


@pytest.mark.parametrize("text", [False, True])
def test_a_grpc_web_call_from_a_page(edge: Edge, http: httpx.Client, text: bool) -> None:
    kind = "application/grpc-web-text" if text else "application/grpc-web+proto"
    body = framed(request(edge, "GetItem", name="items/one").SerializeToString())
    headers = {"content-type": kind, "accept": kind, "x-grpc-web": "1", "origin": "http://somewhere.test"}
    answer = http.post(f"/{SERVICE}/GetItem", content=base64.b64encode(body) if text else body, headers=headers)
    assert answer.headers["access-control-allow-origin"] == "http://somewhere.test"
    content = unarmoured(answer.text) if text else answer.content
    (_, message), (flag, trailers) = frames(content)[:2]
    assert edge.contract.message("GetItemResponse").FromString(message).item.name == "items/one"  # type: ignore[attr-defined]  # made at test time
    assert (flag, b"grpc-status:0" in trailers.replace(b" ", b"")) == (128, True)


@pytest.mark.parametrize(
    ("path", "fields", "code"), [("/nowhere.Service/Get", {}, "12"), (f"/{SERVICE}/GetItem", {"sleep": 2}, "4")], ids=["unknown", "late"]
)
def test_what_the_edge_refuses_is_a_grpc_status_for_grpc_web_too(
    edge: Edge, http: httpx.Client, path: str, fields: dict[str, Any], code: str
) -> None:
    body = framed(request(edge, "GetItem", **fields).SerializeToString())
    answer = http.post(path, content=body, headers={"content-type": "application/grpc-web+proto", "x-grpc-web": "1"})
    assert answer.headers["grpc-status"] == code
    assert "%7B" not in answer.headers.get("grpc-message", "")
    assert "{" not in answer.headers.get("grpc-message", "")
