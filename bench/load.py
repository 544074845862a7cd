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
    p999_ms: float
    next_request: int

    @classmethod
    def of(cls, times: Sequence[float], failed: int, seconds: float, next_request: int) -> "Result":
        """`times` are seconds, in any order."""
        ordered = sorted(times) or [0.0]
        p50, p99, p999 = (ordered[len(ordered) * part // 1000] * 1000 for part in (500, 990, 999))
        return cls(len(times), failed, seconds, p50, p99, p999, next_request)

    def round(self, cpu: float) -> Round:
        """With the CPU seconds of those who answered."""
        return Round(self.answered / self.seconds, cpu / self.answered * 1e6, self.p50_ms, self.p99_ms, self.p999_ms)


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
        return Result.of(self._times, self._failed, seconds, next(self._numbers) % len(self._target.requests))

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


class LoadProcess:
    """Rounds of one generator, `python -m <module>` that is told its `job` and prints a Result, on the processes that answer it."""

    def __init__(self, module: str, job: object, pids: Sequence[int], seconds: float) -> None:
        self._command = [sys.executable, "-P", "-m", module, "--seconds", str(seconds)]
        self._job, self._clock = json.dumps(job), CpuClock(pids)
        self._first = 0

    def ask(self) -> Result:
        """One round. Fails when a single call fails: a server that refuses is quick."""
        command = [*self._command, "--first", str(self._first)]
        done = subprocess.run(
            command, input=self._job, text=True, stdout=subprocess.PIPE, check=True, cwd=_PROJECT, env={"PYTHONPATH": str(_PROJECT)}
        )
        result = Result(**json.loads(done.stdout))
        if result.failed or not result.answered:
            raise SystemExit(f"{result.failed} of {result.answered} calls of {' '.join(command[3:])} failed: {self._job[:200]}")
        self._first = result.next_request
        return result

    def round(self) -> Round:
        before = self._clock.read()
        result = self.ask()
        return result.round(self._clock.since(before))


class LoadedTarget(LoadProcess):
    """Calls of a method over gRPC."""

    def __init__(self, target: Target, pids: Sequence[int], seconds: float) -> None:
        requests = [base64.b64encode(request).decode() for request in target.requests]
        job = {"address": target.address, "path": target.path, "requests": requests, "metadata": target.metadata}
        super().__init__("bench.load", job, pids, seconds)


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
