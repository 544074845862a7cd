"""The smallest client of HTTP/1.1 with keep-alive, and `python -m bench.http1`: load with it from a process of its own.

Requests are prepared bytes, so that what is measured is the server and not the client.
"""

import argparse
import asyncio
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from bench.load import Result
from bench.measuring import CpuClock, Round

_PROJECT = Path(__file__).resolve().parent.parent
_CONNECTIONS = 16  # one request at a time on each
_LATE = 30.0  # seconds for the last answers


def get(address: str, path: str) -> str:
    return f"GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n"


class HttpConnection(asyncio.Protocol):
    """One request at a time; `answered(status)` is told of every answer, with 0 when the connection is lost instead."""

    def __init__(self, answered: Callable[[int], None]) -> None:
        self._answered = answered
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._asked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def ask(self, request: bytes) -> None:
        assert self._transport is not None
        self._asked = True
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.lower().find(b"\r\ncontent-length:")
        if at < 0:
            raise ConnectionError(f"an answer without a length: {head.decode(errors='replace')}")
        if len(body) >= int(head[at + 17 :].partition(b"\r\n")[0]):
            self._received, self._asked = b"", False
            self._answered(int(head[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        if self._asked:
            self._asked = False
            self._answered(0)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class _Load:
    def __init__(self, address: str, requests: Sequence[bytes], first: int, seconds: float) -> None:
        self._address, self._requests, self._seconds = address, requests, seconds
        self._numbers = itertools.count(first)
        self._times: list[float] = []
        self._failed = 0

    async def run(self) -> Result:
        began = time.perf_counter()
        self._ends = began + self._seconds
        async with asyncio.timeout(self._seconds + _LATE):
            await asyncio.gather(*(self._caller() for _ in range(_CONNECTIONS)))
        seconds, times = time.perf_counter() - began, sorted(self._times)
        return Result(
            answered=len(times),
            failed=self._failed,
            seconds=seconds,
            p50_ms=times[len(times) // 2] * 1000 if times else 0.0,
            p99_ms=times[len(times) * 99 // 100] * 1000 if times else 0.0,
            next_request=next(self._numbers) % len(self._requests),
        )

    async def _caller(self) -> None:
        host, _, port = self._address.rpartition(":")
        loop = asyncio.get_running_loop()
        done, began = loop.create_future(), 0.0

        def ask() -> None:
            nonlocal began
            request = self._requests[next(self._numbers) % len(self._requests)]
            began = time.perf_counter()
            connection.ask(request)

        def answered(status: int) -> None:
            now = time.perf_counter()
            self._times.append(now - began)
            self._failed += status != 200
            if status and now < self._ends:
                ask()
            else:
                done.set_result(None)

        _, connection = await loop.create_connection(lambda: HttpConnection(answered), host, int(port))
        ask()
        await done
        connection.close()


class LoadedPaths:
    """Rounds of GET on some paths, with the CPU time of the processes that answer."""

    def __init__(self, address: str, paths: Sequence[str], pids: Sequence[int], seconds: float) -> None:
        self._address, self._paths, self._seconds = address, paths, seconds
        self._clock, self._first = CpuClock(pids), 0

    def round(self) -> Round:
        """Fails when a single request fails: a server that refuses is quick."""
        command = [sys.executable, "-P", "-m", "bench.http1", self._address]
        command += ["--seconds", str(self._seconds), "--first", str(self._first)]
        before = self._clock.read()
        done = subprocess.run(
            command, input=json.dumps(self._paths), text=True, stdout=subprocess.PIPE, check=True, env={"PYTHONPATH": str(_PROJECT)}
        )
        cpu = self._clock.since(before)
        result = Result(**json.loads(done.stdout))
        if result.failed or not result.answered:
            raise SystemExit(f"{result.failed} of {result.answered} requests to {self._address} failed")
        self._first = result.next_request
        return Round(result.answered / result.seconds, cpu / result.answered * 1e6, result.p50_ms, result.p99_ms)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--first", type=int, default=0, help="the request to begin with")
    chosen = parser.parse_args()
    requests = [get(chosen.address, path).encode() for path in json.load(sys.stdin)]
    print(json.dumps(asdict(asyncio.run(_Load(chosen.address, requests, chosen.first, chosen.seconds).run()))))


if __name__ == "__main__":
    main()
