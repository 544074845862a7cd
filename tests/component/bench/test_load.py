"""The client of the benchmarks against a real gRPC server: what it sends arrives, and an error is never taken for an answer."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from bench.http2 import GrpcConnection
from bench.load import Result
from bench.prepared import drawn

PATH = "/things.Things/Echo"
METADATA = (("authorization", "Bearer " + "long " * 100), ("accept-language", "fr"))


class Arrived:
    """What the server was sent."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.metadata: list[dict[str, Any]] = []


@pytest.fixture
def arrived() -> Arrived:
    return Arrived()


@pytest.fixture
async def address(arrived: Arrived) -> AsyncIterator[str]:
    async def echo(request: bytes, context: Any) -> bytes:
        arrived.requests.append(request)
        arrived.metadata.append(dict(context.invocation_metadata()))
        if request == b"fail":
            await context.abort(grpc.StatusCode.NOT_FOUND, "nothing here")
        return request * 1000

    server = grpc.aio.server()
    handler = grpc.method_handlers_generic_handler("things.Things", {"Echo": grpc.unary_unary_rpc_method_handler(echo)})
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(0)


async def test_calls_arrive_with_their_metadata_and_errors_are_no_answers(address: str, arrived: Arrived) -> None:
    answers: dict[int, bool] = {}
    all_there = asyncio.Event()
    messages = [b"one", b"two", b"fail", b"four"]

    def answered(stream: int, ok: bool) -> None:
        answers[stream] = ok
        if len(answers) == len(messages):
            all_there.set()

    host, _, port = address.rpartition(":")
    _, connection = await asyncio.get_running_loop().create_connection(
        lambda: GrpcConnection(address, PATH, METADATA, answered), host, int(port)
    )
    streams = [connection.ask(message) for message in messages]
    async with asyncio.timeout(5):
        await all_there.wait()
    connection.close()
    await connection.closed

    assert [answers[stream] for stream in streams] == [True, True, False, True]
    assert sorted(arrived.requests) == sorted(messages)
    # The first call carries its headers whole, the others by reference to the table of the connection.
    for metadata in arrived.metadata:
        assert {name: metadata[name] for name, _ in METADATA} == dict(METADATA)


def test_nine_of_ten_requests_ask_for_a_tenth_of_the_films() -> None:
    names = [f"movies/{number}" for number in range(1_000)]
    asked = Counter(drawn(names, 20_000, random.Random(7)))
    assert set(asked) <= set(names)
    hottest = sum(count for _, count in asked.most_common(100))
    assert hottest / 20_000 == pytest.approx(0.9, abs=0.01)
    assert len(asked) > 800, "the others are asked for too"


def test_a_result_tells_the_time_that_only_so_many_calls_exceed() -> None:
    result = Result.of([number / 1_000 for number in reversed(range(1_000))], failed=3, seconds=2.0, next_request=5)
    assert (result.p50_ms, result.p99_ms, result.p999_ms) == (500, 990, 999)
    assert result.round(cpu=0.5).cpu_micros == 500
    assert Result.of([], failed=0, seconds=1.0, next_request=0).p99_ms == 0
