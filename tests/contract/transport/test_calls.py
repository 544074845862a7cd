"""What callers see of every kind of call, in good order and in failure."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from mesh.transport.port import MAX_MESSAGE_BYTES
from tests.contract.transport.probe import SERVICE
from tests.services import failure

PREFIX = f"/{SERVICE}/"
Status = grpc.StatusCode


@dataclass(frozen=True)
class Case:
    """One unary call. `answer` None: it must fail with `code`."""

    name: str
    method: str
    request: bytes = b""
    answer: bytes | None = None
    code: grpc.StatusCode = Status.OK
    seconds: float | None = None
    compression: grpc.Compression | None = None


LARGEST = b"x" * MAX_MESSAGE_BYTES
CASES = (
    Case("a small message", "Echo", b"hello", b"hello"),
    Case("no bytes at all", "Echo", b"", b""),
    Case("gzip, small", "Echo", b"hello", b"hello", compression=grpc.Compression.Gzip),
    Case("gzip, large", "Echo", b"hello" * 200_000, b"hello" * 200_000, compression=grpc.Compression.Gzip),
    Case("deflate", "Echo", b"hello" * 1000, b"hello" * 1000, compression=grpc.Compression.Deflate),
    Case("the largest message", "Echo", LARGEST, LARGEST),
    Case("one byte more", "Echo", LARGEST + b"x", code=Status.RESOURCE_EXHAUSTED),
    Case("more than allowed once it is unpacked", "Echo", LARGEST * 4, code=Status.RESOURCE_EXHAUSTED, compression=grpc.Compression.Gzip),
    Case("a time limit that holds", "Sleep", b"0.05", b"slept", seconds=5),
    Case("a time limit that passes", "Sleep", b"5", code=Status.DEADLINE_EXCEEDED, seconds=0.15),
    Case("a method that is not there", "Nothing", code=Status.UNIMPLEMENTED),
    Case("an error that nobody expected", "Break", code=Status.UNKNOWN),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_unary_call_is_answered(case: Case, channel: grpc.aio.Channel) -> None:
    call: Any = channel.unary_unary(PREFIX + case.method)
    options = {"timeout": case.seconds or 10, "compression": case.compression}
    if case.answer is not None:
        assert await call(case.request, **options) == case.answer
        return
    answer = await failure(call(case.request, **options))
    allowed = {case.code, Status.INTERNAL} if case.code is Status.UNKNOWN else {case.code}
    assert answer.code in allowed
    assert "hunter2" not in str(answer.status)


async def test_a_service_that_is_not_there_is_unimplemented(channel: grpc.aio.Channel) -> None:
    call: Any = channel.unary_unary("/reelmesh.none.v1.Service/Nothing")
    assert (await failure(call(b""))).code == Status.UNIMPLEMENTED


@pytest.mark.parametrize("message", ["", "plain", "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n", "100 % of %20"])
async def test_a_status_arrives_with_its_message_and_details(message: str, channel: grpc.aio.Channel) -> None:
    call: Any = channel.unary_unary(PREFIX + "Fail")
    answer = await failure(call(json.dumps({"code": 9, "message": message}).encode()))
    assert (answer.code, answer.message) == (Status.FAILED_PRECONDITION, message)
    info = answer.detail(error_details_pb2.ErrorInfo)
    assert info is not None
    assert info.reason == "ASKED"


async def test_metadata_passes_both_ways_text_and_binary(channel: grpc.aio.Channel) -> None:
    method: Any = channel.unary_unary(PREFIX + "Metadata")
    call = method(b"", timeout=5, metadata=(("x-text", "a b;c"), ("x-data-bin", b"\0\xff\n"), ("authorization", "Bearer x")))
    seen = json.loads(await call)
    assert seen["text"]["x-text"] == "a b;c"
    assert seen["text"]["authorization"] == "Bearer x"
    assert seen["binary"]["x-data-bin"] == "00ff0a"
    assert "x-data-bin" not in seen["text"]
    assert 4 < seen["left"] <= 5.1
    assert "127.0.0.1" in seen["peer"]
    leading, trailing = dict(await call.initial_metadata()), dict(await call.trailing_metadata())
    assert (leading["x-leading"], leading["x-leading-bin"]) == ("first", b"\0\1\xff")
    assert (trailing["x-trailing"], trailing["x-trailing-bin"]) == ("last", bytes(range(256)))


@pytest.mark.parametrize("sizes", [[], [0], [1, 100_000, 0, 2_000_000], [7] * 500], ids=["none", "empty", "mixed", "many"])
@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip], ids=["plain", "gzip"])
async def test_a_client_stream_arrives_whole_and_in_order(
    sizes: Sequence[int], compression: grpc.Compression | None, channel: grpc.aio.Channel
) -> None:
    method: Any = channel.stream_unary(PREFIX + "Count")
    assert json.loads(await method(iter([b"x" * size for size in sizes]), compression=compression, timeout=10)) == sizes


async def test_a_method_may_answer_before_the_client_stream_ends(channel: grpc.aio.Channel) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1000

    method: Any = channel.stream_unary(PREFIX + "Enough")
    assert await method(endless(), timeout=10) == b"x" * 1000


@pytest.mark.parametrize(
    "asked",
    [
        {"times": 0},
        {"times": 1, "size": 10},
        {"times": 1000, "size": 50},
        {"times": 30, "size": 400_000},
        {"times": 5, "size": 9, "pause": 0.02},
    ],
    ids=["none", "one", "many", "large", "slow"],
)
async def test_a_server_stream_arrives_whole_and_in_order(asked: dict[str, Any], channel: grpc.aio.Channel) -> None:
    method: Any = channel.unary_stream(PREFIX + "Repeat")
    messages = [message async for message in method(json.dumps(asked).encode(), timeout=10)]
    assert [int.from_bytes(message[:4]) for message in messages] == list(range(asked["times"]))
    assert {len(message) for message in messages} <= {asked.get("size", 0)}


async def test_a_server_stream_may_fail_in_the_middle(channel: grpc.aio.Channel) -> None:
    method: Any = channel.unary_stream(PREFIX + "Repeat")
    stream = method(json.dumps({"times": 3, "size": 10, "code": 5}).encode())
    assert [len(await stream.read()) for _ in range(3)] == [10] * 3
    assert (await failure(stream.read())).code == Status.NOT_FOUND


async def test_a_server_stream_ends_with_its_time_limit(channel: grpc.aio.Channel) -> None:
    method: Any = channel.unary_stream(PREFIX + "Repeat")
    stream = method(json.dumps({"times": 100, "size": 10, "pause": 0.05}).encode(), timeout=0.2)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        _ = [message async for message in stream]
    assert raised.value.code() == Status.DEADLINE_EXCEEDED


async def test_both_sides_talk_at_once(channel: grpc.aio.Channel) -> None:
    method: Any = channel.stream_stream(PREFIX + "PingPong")
    call = method(timeout=10)
    for number in range(50):
        message = b"%d" % number * (number * number + 1)
        await call.write(message)
        assert await call.read() == message
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF
    assert await call.code() == Status.OK


async def test_an_empty_conversation_ends_well(channel: grpc.aio.Channel) -> None:
    method: Any = channel.stream_stream(PREFIX + "PingPong")
    assert [message async for message in method(iter([]), timeout=5)] == []


async def test_a_hundred_calls_at_once_get_their_own_answers(channel: grpc.aio.Channel) -> None:
    method: Any = channel.unary_unary(PREFIX + "Echo")
    requests = [b"%d" % number * 100 for number in range(100)]
    assert await asyncio.gather(*(method(request, timeout=10) for request in requests)) == requests


async def test_health_and_reflection_answer_by_the_standard_services(channel: grpc.aio.Channel) -> None:
    health: Any = health_pb2_grpc.HealthStub(channel)
    serving = health_pb2.HealthCheckResponse.SERVING
    for service in ("", SERVICE):
        assert (await health.Check(health_pb2.HealthCheckRequest(service=service))).status == serving
    assert (await failure(health.Check(health_pb2.HealthCheckRequest(service="nobody")))).code == Status.NOT_FOUND
    watch = health.Watch(health_pb2.HealthCheckRequest(service=""))
    assert (await watch.read()).status == serving
    watch.cancel()
    service, message = cast(Any, reflection_pb2_grpc), cast(Any, reflection_pb2)
    ask = service.ServerReflectionStub(channel).ServerReflectionInfo(iter([message.ServerReflectionRequest(list_services="")]))
    listed = {service.name async for response in ask for service in response.list_services_response.service}
    assert {SERVICE, "grpc.health.v1.Health"} <= listed
