"""Every process of a context is restarted in turn while callers go on calling (R12)."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import psutil
import pytest

from reelmesh.movie.v1 import movie_service_pb2 as movie
from reelmesh.movie.v1.movie_pb2 import Movie
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceStub
from reelmesh.rating.v1 import rating_service_pb2 as rating
from reelmesh.rating.v1.rating_service_pb2_grpc import RatingServiceStub
from stack.whole import WholeStack
from tests.e2e.conftest import leaving_nothing

_CALLERS = 8
_PAUSE = 0.01  # seconds between two calls of a caller; the load is to be steady, not to fill the machine
_EXIT_WITHIN = 15.0  # seconds after SIGTERM
_BACK_WITHIN = 30.0
_MISSING = {movie.GetMovieDetailsResponse.PART_SUMMARY, movie.GetMovieDetailsResponse.PART_METADATA}


@pytest.fixture(scope="module")
def doubled(tmp_path_factory: pytest.TempPathFactory, transport: str) -> Iterator[WholeStack]:
    """Two processes of each context."""
    replicas = [part for context in ("movie", "rating", "metadata") for part in ("--replicas", f"{context}=2")]
    with leaving_nothing(tmp_path_factory.mktemp("doubled") / "data", "--transport", transport, *replicas) as running:
        yield running


class Load:
    """Calls that may be repeated, through the edge; `failures` says what went wrong, and how often."""

    def __init__(self, stack: WholeStack, channel: grpc.aio.Channel) -> None:
        self._movies, self._ratings = MovieServiceStub(channel), RatingServiceStub(channel)
        self._admin = (("authorization", f"Bearer {stack.token('users/admin', ['ADMIN'])}"),)
        self._running = True
        self._name = ""
        self.answered: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()

    async def begin(self) -> None:
        created = await self._movies.CreateMovie(movie.CreateMovieRequest(movie=Movie(title="Restarted")), metadata=self._admin)
        self._name = created.movie.name
        self._callers = [asyncio.create_task(self._calls(number)) for number in range(_CALLERS)]

    async def end(self) -> None:
        self._running = False
        await asyncio.gather(*self._callers)

    async def _calls(self, number: int) -> None:
        turn = 0
        while self._running:
            turn += 1
            await self._counted("movie", self._movies.GetMovie(movie.GetMovieRequest(name=self._name), timeout=10))
            summary = rating.GetRatingSummaryRequest(name=f"{self._name}/ratingSummary")
            await self._counted("rating", self._ratings.GetRatingSummary(summary, timeout=10))
            # In a language that nobody has asked for yet, so that the page is composed and not found in a cache.
            language = f"en-{number:02}x{turn:05}"
            details = movie.GetMovieDetailsRequest(name=self._name, language_code=language)
            page = await self._counted("details", self._movies.GetMovieDetails(details, timeout=10))
            if page is not None and (missing := _MISSING & set(page.unavailable_parts)):
                self.failures[f"details without {[movie.GetMovieDetailsResponse.Part.Name(part) for part in missing]}"] += 1
            await asyncio.sleep(_PAUSE)

    async def _counted(self, kind: str, call: Awaitable[Any]) -> Any:
        try:
            answer = await call
        except grpc.aio.AioRpcError as error:
            self.failures[f"{kind}: {error.code().name} {error.details()}"] += 1

            return None
        self.answered[kind] += 1
        return answer


@asynccontextmanager
async def under_load(stack: WholeStack) -> AsyncIterator[Load]:
    async with grpc.aio.insecure_channel(stack.edge_address) as channel:
        load = Load(stack, channel)
        await load.begin()
        try:
            yield load
        finally:
            await load.end()


async def restarted(stack: WholeStack, name: str) -> None:
    """Returns when a new process is healthy in place of the one that was told to go."""
    before = stack.process(name).pid
    assert before is not None
    process = psutil.Process(before)
    told = time.monotonic()

    os.kill(before, signal.SIGTERM)
    await asyncio.to_thread(process.wait, _EXIT_WITHIN)

    while (now := stack.process(name)).pid == before or now.state != "healthy":
        assert time.monotonic() - told < _BACK_WITHIN, f"{name} did not come back"
        await asyncio.sleep(0.05)


async def test_no_call_fails_while_the_processes_of_a_context_are_restarted_in_turn(doubled: WholeStack) -> None:
    async with under_load(doubled) as load:
        for name in ("rating-1", "rating-2"):
            await restarted(doubled, name)
    assert load.failures == {}
    assert min(load.answered.values()) > 100


async def test_calls_do_fail_when_both_are_restarted_at_once(doubled: WholeStack) -> None:
    """The control of the other tests: their load tells of a context that is away."""
    async with under_load(doubled) as load:
        await asyncio.gather(*(restarted(doubled, name) for name in ("rating-1", "rating-2")))
    assert load.failures


@pytest.mark.slow
async def test_no_call_fails_while_everything_is_restarted_in_turn_three_times(doubled: WholeStack) -> None:
    async with under_load(doubled) as load:
        for _ in range(3):
            for name in ("movie-1", "movie-2", "rating-1", "rating-2", "metadata-1", "metadata-2"):
                await restarted(doubled, name)
    assert load.failures == {}
