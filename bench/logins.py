"""Logins: how much of one is argon2, and what twenty a second do to somebody who reads a movie.

The share is the time (and the CPU) of argon2 alone, in this process with the parameters of the platform, as part of that of a whole login
through the service's own port, in turn. The movies are asked for at a steady rate, on their service's own port, with logins beside them and
without, in turn.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import argon2
import grpc
import httpx

from bench.measuring import CpuClock, Figure, arguments, show
from identity_service.infrastructure.hashing import HashingParameters
from reelmesh.identity.v1.session_service_pb2 import LogInRequest
from reelmesh.identity.v1.session_service_pb2_grpc import SessionServiceStub
from reelmesh.movie.v1.movie_service_pb2 import GetMovieRequest
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceStub
from stack.admin_login import AdminLogin
from stack.whole import WholeStack, whole_stack

SHARE_AT_LEAST, P99_AT_MOST = 0.9, 2.0
_LOGINS, _MOVIES = 20, 200  # a second
_ALONE = 60  # logins, and as many hashes


class Person:
    """The first administrator, on a device that is known after the first login."""

    def __init__(self, stack: WholeStack, sessions: Any) -> None:
        email, self.password = AdminLogin(stack.directory.admin_login).read()
        self._request, self._sessions = LogInRequest(email=email, password=self.password), sessions

    async def log_in(self) -> None:
        self._request.device = (await self._sessions.LogIn(self._request, timeout=10)).device


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


async def measure_share(person: Person, cpu: CpuClock) -> list[Figure]:
    parameters = HashingParameters()
    hasher = argon2.PasswordHasher(time_cost=parameters.time_cost, memory_cost=parameters.memory_kib, parallelism=parameters.parallelism)
    made = hasher.hash(person.password)

    async def verify() -> None:
        await asyncio.to_thread(hasher.verify, made, person.password)

    pairs = [(await timed(verify), await timed(person.log_in)) for _ in range(_ALONE)][5:]
    alone, whole = (statistics.median(times) for times in zip(*pairs, strict=True))
    before, began = cpu.read(), time.process_time()
    for _ in range(_ALONE):
        await verify()
    hashing = (time.process_time() - began) / _ALONE
    others = cpu.since(before)  # what the services do meanwhile of themselves
    before = cpu.read()
    for _ in range(_ALONE):
        await person.log_in()
    serving = (cpu.since(before) - others) / _ALONE
    return [
        Figure("argon2 alone: CPU", hashing * 1e6, "µs"),
        Figure("a login: CPU of identity and PostgreSQL", serving * 1e6, "µs"),
        Figure("argon2's part of a login, by CPU", hashing / serving, "", SHARE_AT_LEAST),
        Figure("argon2 alone: p50", alone * 1000, "ms"),
        Figure("a login: p50", whole * 1000, "ms"),
        Figure("argon2's part of a login, by time", statistics.median(hashed / login for hashed, login in pairs), "", SHARE_AT_LEAST),
    ]


async def steadily(rate: float, seconds: float, work: Callable[[], Awaitable[object]]) -> list[float]:
    """Seconds from when each should have begun, so that one that is kept waiting counts the wait."""
    loop, began, running = asyncio.get_running_loop(), time.perf_counter(), []

    async def one(due: float) -> float:
        await work()
        return time.perf_counter() - due

    for number in range(int(rate * seconds)):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        running.append(loop.create_task(one(due)))
    return await asyncio.gather(*running)


async def measure_reading(person: Person, movies: Any, seconds: float, rounds: int) -> list[Figure]:
    request, idle, beside, failures = GetMovieRequest(name="movies/read"), [], [], Counter[str]()

    async def read() -> None:
        await movies.GetMovie(request, timeout=10)

    async def log_in() -> None:
        try:
            await person.log_in()
        except grpc.aio.AioRpcError as error:
            failures[f"{error.code().name} {error.details()}"] += 1

    for turn in range(rounds + 1):
        alone = await steadily(_MOVIES, seconds, read)
        with_logins, _ = await asyncio.gather(steadily(_MOVIES, seconds, read), steadily(_LOGINS, seconds, log_in))
        if turn:  # the first warms up
            idle.append(_p99(alone))
            beside.append(_p99(with_logins))
    return [
        Figure("GetMovie alone: p99", statistics.median(idle), "ms"),
        Figure(f"GetMovie during {_LOGINS} logins/s: p99", statistics.median(beside), "ms"),
        Figure("p99 during logins ÷ alone", statistics.median(b / a for a, b in zip(idle, beside, strict=True)), "×", at_most=P99_AT_MOST),
        Figure(
            "logins that failed", failures.total(), "", at_most=0, note=", ".join(f"{count} × {why}" for why, count in failures.items())
        ),
    ]


def _p99(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100)[-1] * 1000


async def measure(stack: WholeStack, seconds: float, rounds: int) -> list[Figure]:
    async with (
        grpc.aio.insecure_channel(stack.process("identity-1").address) as identity,
        grpc.aio.insecure_channel(stack.process("movie-1").address) as movie,
    ):
        person = Person(stack, SessionServiceStub(identity))
        cpu = CpuClock(process.pid for process in stack.state.processes if process.name in ("identity-1", "postgres") and process.pid)
        share = await measure_share(person, cpu)
        return [*share, *await measure_reading(person, MovieServiceStub(movie), seconds, rounds)]


def main() -> None:
    chosen = arguments(__doc__, seconds=5, rounds=5)
    os.environ["REELMESH_IDENTITY_LOGINS_OF_DEVICE"] = "1000000"  # one person logs in for all of them, many at once on a busy machine
    with tempfile.TemporaryDirectory() as folder, whole_stack(Path(folder) / "data") as stack:
        headers = {"authorization": f"Bearer {stack.token('users/admin', ['ADMIN'])}"}
        made = httpx.post(f"{stack.edge}/v1/movies", params={"movieId": "read"}, json={"title": "Read"}, headers=headers, trust_env=False)
        made.raise_for_status()
        figures = asyncio.run(measure(stack, chosen.seconds, chosen.rounds))
    show("Logins", figures, chosen.json)


if __name__ == "__main__":
    main()
