"""A load generator in a process of its own: so many calls at a time, the next as soon as one is answered, for a number of seconds."""

import argparse
import asyncio
import base64
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.http2 import GrpcConnection
from bench.measuring import CpuClock, Round

_PROJECT = Path(__file__).resolve().parent.parent
_CONNECTIONS = 4
_AT_A_TIME = 4  # on each connection
_LATE = 30.0  # seconds for the last answers


@dataclass(frozen=True, slots=True)
class Target:
    """One method of one server; the requests are asked in turn, over and over."""

    address: str
    path: str
    requests: Sequence[bytes]
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """`next_request` is where the next round goes on, so that all of many requests get their turn."""

    answered: int
    failed: int
    seconds: float
    p50_ms: float
    p99_ms: float
    next_request: int


class _Load:
    def __init__(self, target: Target, first: int, seconds: float) -> None:
        self._target, self._seconds = target, seconds
        self._numbers = itertools.count(first)
        self._times: list[float] = []
        self._failed = 0
        self._open = 0
        self._done = asyncio.Event()

    async def run(self) -> Result:
        host, _, port = self._target.address.rpartition(":")
        loop = asyncio.get_running_loop()
        connections = [await self._connected(loop, host, int(port)) for _ in range(_CONNECTIONS)]
        self._ends = time.perf_counter() + self._seconds
        began = time.perf_counter()
        for connection, started in connections:
            for _ in range(_AT_A_TIME):
                self._open += 1
                self._ask(connection, started)
        async with asyncio.timeout(self._seconds + _LATE):
            await self._done.wait()
        seconds = time.perf_counter() - began
        for connection, _ in connections:
            connection.close()
        times = sorted(self._times)
        return Result(
            answered=len(times),
            failed=self._failed,
            seconds=seconds,
            p50_ms=times[len(times) // 2] * 1000 if times else 0.0,
            p99_ms=times[len(times) * 99 // 100] * 1000 if times else 0.0,
            next_request=next(self._numbers) % len(self._target.requests),
        )

    async def _connected(self, loop: asyncio.AbstractEventLoop, host: str, port: int) -> tuple[GrpcConnection, dict[int, float]]:
        started: dict[int, float] = {}

        def answered(stream: int, ok: bool) -> None:
            now = time.perf_counter()
            self._times.append(now - started.pop(stream))
            self._failed += not ok
            if now < self._ends:
                self._ask(connection, started)
                return
            self._open -= 1
            if not self._open:
                self._done.set()

        target = self._target
        _, connection = await loop.create_connection(
            lambda: GrpcConnection(target.address, target.path, target.metadata, answered), host, port
        )
        return connection, started

    def _ask(self, connection: GrpcConnection, started: dict[int, float]) -> None:
        message = self._target.requests[next(self._numbers) % len(self._target.requests)]
        began = time.perf_counter()
        started[connection.ask(message)] = began


class LoadedTarget:
    """Rounds of load on a target, with the CPU time of the processes that answer it."""

    def __init__(self, target: Target, pids: Sequence[int], seconds: float) -> None:
        self._target, self._clock, self._seconds = target, CpuClock(pids), seconds
        self._first = 0

    def round(self) -> Round:
        """Fails when a single call fails: a server that refuses is quick."""
        job = {
            "address": self._target.address,
            "path": self._target.path,
            "requests": [base64.b64encode(request).decode() for request in self._target.requests],
            "metadata": self._target.metadata,
        }
        before = self._clock.read()
        command = [sys.executable, "-P", "-m", "bench.load", "--seconds", str(self._seconds), "--first", str(self._first)]
        done = subprocess.run(
            command, input=json.dumps(job), text=True, stdout=subprocess.PIPE, check=True, cwd=_PROJECT, env={"PYTHONPATH": str(_PROJECT)}
        )
        cpu = self._clock.since(before)
        result = Result(**json.loads(done.stdout))
        if result.failed or not result.answered:
            raise SystemExit(f"{result.failed} of {result.answered} calls of {self._target.path} at {self._target.address} failed")
        self._first = result.next_request
        return Round(result.answered / result.seconds, cpu / result.answered * 1e6, result.p50_ms, result.p99_ms)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--first", type=int, default=0, help="the request to begin with")
    chosen = parser.parse_args()
    job = json.load(sys.stdin)
    requests = [base64.b64decode(request) for request in job["requests"]]
    target = Target(job["address"], job["path"], requests, tuple((name, value) for name, value in job["metadata"]))
    print(json.dumps(asdict(asyncio.run(_Load(target, chosen.first, chosen.seconds).run()))))


if __name__ == "__main__":
    main()
