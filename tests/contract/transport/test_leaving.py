"""Callers that leave, read slowly or send too fast, and servers that are told to go."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.contract.transport.conftest import TRANSPORTS, serve
from tests.contract.transport.test_calls import PREFIX

SOON = 0.05  # seconds until the handler of a caller that left has ended


async def _report(channel: grpc.aio.Channel) -> dict[str, Any]:
    method: Any = channel.unary_unary(PREFIX + "Report")
    found: dict[str, Any] = json.loads(await method(b""))
    return found


async def _reported(channel: grpc.aio.Channel, seen: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The report in which that is first seen."""
    async with asyncio.timeout(10):
        while not seen(report := await _report(channel)):  # noqa: ASYNC110  # it happens in another process
            await asyncio.sleep(0.01)
    return report


async def _silent() -> AsyncIterator[bytes]:
    yield b"x"
    await asyncio.sleep(30)


CALLS: dict[str, Callable[[Any], Any]] = {
    "unary": lambda channel: channel.unary_unary(PREFIX + "Sleep")(b"30"),
    "server stream": lambda channel: channel.unary_stream(PREFIX + "Repeat")(b'{"times": 2, "size": 10, "pause": 30}'),
    "client stream": lambda channel: channel.stream_unary(PREFIX + "Count")(_silent()),
    "both": lambda channel: channel.stream_stream(PREFIX + "PingPong")(_silent()),
}


@pytest.mark.parametrize("kind", CALLS)
async def test_the_handler_of_a_caller_that_leaves_ends_at_once(kind: str, channel: grpc.aio.Channel) -> None:
    async def until_ended() -> float:
        before = await _report(channel)
        call = CALLS[kind](channel)
        await _reported(channel, lambda report: report["began"] == before["began"] + 1)
        left = time.monotonic()
        call.cancel()
        after = await _reported(channel, lambda report: len(report["ended"]) > len(before["ended"]))
        assert after["ended"][:-1] == before["ended"]
        return float(after["ended"][-1]) - left

    # The machine may be busy with something else just then, but not every time.
    assert min([await until_ended() for _ in range(3)]) < SOON


async def test_the_handler_of_a_caller_whose_connection_breaks_ends_too(served: Any, channel: grpc.aio.Channel) -> None:
    before = await _report(channel)
    other = grpc.aio.insecure_channel(served.address, options=(("grpc.use_local_subchannel_pool", 1),))
    call = CALLS["unary"](other)
    await _reported(channel, lambda report: report["began"] == before["began"] + 1)
    await other.close()
    await _reported(channel, lambda report: len(report["ended"]) == len(before["ended"]) + 1)
    assert call.done()


async def test_a_slow_reader_does_not_fill_memory(channel: grpc.aio.Channel) -> None:
    before = (await _report(channel))["made"]
    method: Any = channel.unary_stream(PREFIX + "Repeat")
    stream = method(b'{"times": 100000, "size": 100000}')
    await stream.read()
    await asyncio.sleep(0.5)
    made = (await _report(channel))["made"] - before
    stream.cancel()
    assert made < 300  # 30 MB; without flow control it is thousands


async def test_a_slow_method_holds_a_fast_sender_back_and_loses_nothing(channel: grpc.aio.Channel) -> None:
    sent = 0

    async def many() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(200):
            sent += 1
            yield b"x" * 100_000

    before = (await _report(channel))["taken"]
    method: Any = channel.stream_unary(PREFIX + "TakeSlowly")
    call = method(many(), timeout=30)
    await asyncio.sleep(0.5)
    assert sent < 160
    assert await call == b""
    assert (await _report(channel))["taken"] == before + 200


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_server_that_is_told_to_go_finishes_what_it_has_begun(transport: str, tmp_path: Path) -> None:
    serving = serve(transport, tmp_path)
    async with grpc.aio.insecure_channel(serving.address) as channel:
        method: Any = channel.unary_unary(PREFIX + "Sleep")
        call = asyncio.ensure_future(method(b"0.8"))
        hopeless = asyncio.ensure_future(method(b"30"))
        await asyncio.sleep(0.3)
        serving.process.terminate()
        assert await call == b"slept"
        with pytest.raises(grpc.aio.AioRpcError):
            await hopeless
    assert await asyncio.to_thread(serving.process.wait, 15) == 0
