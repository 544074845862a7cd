"""R24 and R17 on a stack that records every request and logs every call, on each transport."""

import asyncio
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import httpx
import psycopg
import pytest

from reelmesh.movie.v1.movie_service_pb2 import GetMovieDetailsRequest
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceStub
from reelmesh.rating.v1.rating_service_pb2 import GetRatingSummaryRequest
from reelmesh.rating.v1.rating_service_pb2_grpc import RatingServiceStub
from stack.servers.postgres import PostgresServer
from stack.whole import WholeStack
from tests.e2e.conftest import bearer, client, leaving_nothing
from tests.spans import Collector, Traces, collecting

_AT_ONCE = 8
_MOVIE = "movies/traced"
_CONSUMED = "process events.rating.RatingSummaryChanged"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory, transport: str, collector: Collector) -> Iterator[WholeStack]:
    chosen = ("--transport", transport, "--otlp", collector.address, "--trace-ratio", "1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REELMESH_ACCESS_LOG_RATIO", "1")
        with leaving_nothing(tmp_path_factory.mktemp("traced") / "data", *chosen) as running:
            with client(running) as web:
                headers = bearer(running.token("users/admin", ["ADMIN"]))
                created = web.post("/v1/movies", params={"movieId": "traced"}, json={"title": "Traced"}, headers=headers)
                assert created.status_code == 200, created.text
            yield running


@pytest.fixture
def quiet(traced: WholeStack, collector: Collector) -> Collector:
    """The collector, when nothing of what came before is still on its way."""
    before = -1
    while before != (now := len(collector.traces.spans)):
        before = now
        time.sleep(1.2)
    collector.forget()
    return collector


async def ask(stack: WholeStack, count: int) -> int:
    """Ratings and pages in turn, `count` in all; the number of ratings."""
    limit = asyncio.Semaphore(_AT_ONCE)
    async with httpx.AsyncClient(base_url=stack.edge, timeout=10, trust_env=False) as web:

        async def one(number: int) -> None:
            async with limit:
                if number % 2:
                    answer = await web.get(f"/v1/{_MOVIE}:details")
                else:
                    user = bearer(stack.token(f"users/traced-{number}"))
                    answer = await web.post(f"/v1/{_MOVIE}:rate", json={"score": 4}, headers=user)
                assert answer.status_code == 200, answer.text

        await asyncio.gather(*map(one, range(count)))
    return (count + 1) // 2


def rated(traces: Traces) -> dict[str, set[str]]:
    """trace id → names of its spans, for the traces of ratings."""
    names = {trace_id: {span.name for span in spans} for trace_id, spans in traces.by_id.items()}
    return {trace_id: found for trace_id, found in names.items() if "reelmesh.rating.v1.RatingService/RateMovie" in found}


async def each_request_is_one_trace(stack: WholeStack, collector: Collector, count: int) -> None:
    ratings = await ask(stack, count)

    def is_whole(traces: Traces) -> bool:
        return len(traces.by_id) >= count and not traces.orphans and sum(_CONSUMED in names for names in rated(traces).values()) >= ratings

    traces = await asyncio.to_thread(collector.eventually, is_whole)
    assert len(traces.by_id) == count
    assert not traces.orphans
    assert [(span.service, span.parent_id) for span in traces.roots] == [("edge", "")] * count
    assert len(rated(traces)) == ratings
    assert all(_CONSUMED in names for names in rated(traces).values())


async def test_each_request_is_one_trace_with_its_consumers_in_it(traced: WholeStack, quiet: Collector) -> None:
    """R24, small."""
    await each_request_is_one_trace(traced, quiet, 30)
    expected = {
        ("edge", "movie"), ("edge", "rating"), ("movie", "rating"), ("movie", "metadata"), ("movie", "recommender"), ("rating", "movie"),
        ("rating", "recommender"),
    }  # fmt: skip
    traces = await asyncio.to_thread(quiet.eventually, lambda found: expected <= set(found.edges()))
    assert set(traces.edges()) == expected
    statements = [span for span in quiet.traces.spans if span.attributes.get("db.system.name") == "postgresql"]
    assert {"SELECT movies", "COMMIT"} <= {span.name for span in statements}
    assert not any("traced-" in text for span in statements for text in span.attributes.values()), "values are nobody's business"


@pytest.mark.slow
async def test_each_of_a_thousand_requests_is_one_trace(traced: WholeStack, quiet: Collector) -> None:
    """R24."""
    await each_request_is_one_trace(traced, quiet, 1_000)


async def test_a_hop_that_loses_the_context_is_noticed(traced: WholeStack, quiet: Collector) -> None:
    """The negative control of R24: a caller that does not send its own span, and one that passes nothing on."""
    stub = RatingServiceStub(grpc.insecure_channel(traced.process("rating-1").address))
    trace_id = secrets.token_hex(16)
    request = GetRatingSummaryRequest(name=f"{_MOVIE}/ratingSummary")
    stub.GetRatingSummary(request, timeout=5, metadata=(("traceparent", f"00-{trace_id}-{secrets.token_hex(8)}-01"),))
    stub.GetRatingSummary(request, timeout=5)
    traces = await asyncio.to_thread(quiet.eventually, lambda found: len(found.by_id) == 2)
    assert {span.trace_id for span in traces.orphans} == {trace_id}
    assert [span.service for span in traces.roots] == ["rating"], "not the edge's, as it is when a hop drops the header"


async def test_a_callers_decision_not_to_record_holds(traced: WholeStack, quiet: Collector) -> None:
    with client(traced) as web:
        for flags in ("00", "01"):
            header = f"00-{flags * 16}-{secrets.token_hex(8)}-{flags}".replace("0" * 32, "a" * 32)
            assert web.get(f"/v1/{_MOVIE}", headers={"traceparent": header}).status_code == 200
    traces = await asyncio.to_thread(quiet.eventually, lambda found: len(found.by_id) >= 1)
    await asyncio.sleep(1.5)
    assert set(quiet.traces.by_id) == set(traces.by_id) == {"01" * 16}


def lines(stack: WholeStack, name: str, trace_id: str) -> list[dict[str, Any]]:
    text = Path(stack.directory.logs / f"{name}.log").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines() if trace_id in line and line.startswith("{")]


def logged(stack: WholeStack, name: str, trace_id: str) -> dict[str, Any]:
    """The line of this call in the access log, as soon as it is there."""
    limit = time.monotonic() + 5
    while not (found := lines(stack, name, trace_id)) and time.monotonic() < limit:
        time.sleep(0.05)
    assert found, f"{name} has no line for {trace_id}"
    return found[-1]


def test_one_trace_id_is_in_the_logs_of_every_hop(traced: WholeStack) -> None:
    trace_id = secrets.token_hex(16)
    with client(traced) as web:
        web.get("/v1/movies/nobody-has-it?x=secret", headers={"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-00"})
        web.get("/v1/movies/nobody-has-it", headers={"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-00"})
    at_edge, at_movie = logged(traced, "edge", trace_id), logged(traced, "movie-1", trace_id)
    assert (at_edge["path"], at_edge["method"]) == ("/v1/movies/nobody-has-it", "GET")
    assert (at_movie["code"], at_movie["caller"], at_movie["service"]) == ("NOT_FOUND", "edge", "movie")
    assert "secret" not in json.dumps(lines(traced, "edge", trace_id))


class Locked:
    """The summaries of the rating context, held so that whoever reads them waits."""

    def __init__(self, stack: WholeStack) -> None:
        port = int(stack.process("postgres").address.rpartition(":")[2])
        url = PostgresServer(stack.directory.postgres, port=port).create_database("rating")
        self._holder, self._watcher = psycopg.connect(url), psycopg.connect(url, autocommit=True)

    def __enter__(self) -> "Locked":
        self._holder.execute("LOCK TABLE rating_summaries IN ACCESS EXCLUSIVE MODE")
        return self

    def __exit__(self, *_: object) -> None:
        self._holder.rollback()
        self._holder.close()
        self._watcher.close()

    @property
    def waiting(self) -> int:
        """Reads; what announces imports also comes by, once a second, and waits for reasons of its own."""
        found = self._watcher.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = 'rating' AND wait_event_type = 'Lock' AND query LIKE '%rating_summaries%' AND query ~* '^\\s*select'"
        ).fetchone()
        return int(found[0]) if found else 0

    def until(self, waiting: bool, seconds: float = 5.0) -> float:
        """Seconds until somebody waits, or nobody any more."""
        began = time.monotonic()
        while bool(self.waiting) is not waiting:
            assert time.monotonic() - began < seconds, f"waiting is not {waiting} after {seconds} s"
            time.sleep(0.002)
        return time.monotonic() - began


def test_every_hop_has_less_time_than_its_caller(traced: WholeStack) -> None:
    """R17: 200 ms at the edge. The rating context cannot answer; the page comes without its part, in time."""
    stub = MovieServiceStub(grpc.insecure_channel(traced.edge_address))
    trace_id, whole_id = secrets.token_hex(16), secrets.token_hex(16)
    with client(traced) as web, Locked(traced):
        web.post("/v1/movies", params={"movieId": "late"}, json={"title": "Late"}, headers=bearer(traced.token("users/a", ["ADMIN"])))
        request = GetMovieDetailsRequest(name="movies/late")
        metadata = (("traceparent", f"00-{trace_id}-{secrets.token_hex(8)}-00"),)
        with suppress(grpc.RpcError):  # on a busy machine, the page may come too late
            stub.GetMovieDetails(request, timeout=0.2, metadata=metadata)
        stub.GetMovieDetails(request, timeout=60, metadata=(("traceparent", f"00-{whole_id}-{secrets.token_hex(8)}-00"),))
    movie, rating = logged(traced, "movie-1", trace_id)["deadline_ms"], logged(traced, "rating-1", trace_id)["deadline_ms"]
    assert 0 < rating < movie <= 200
    unhurried = logged(traced, "movie-1", whole_id)["deadline_ms"]
    assert unhurried > 200, "the negative control: it is the caller's 200 ms that were passed on"


def test_work_stops_when_its_caller_has_left(traced: WholeStack) -> None:
    """R17: a statement that waits in PostgreSQL is given up 50 ms after the call was cancelled at the edge. The best of some attempts: on
    a busy machine each may be late for reasons that are not ours."""
    stub = RatingServiceStub(grpc.insecure_channel(traced.edge_address))
    request = GetRatingSummaryRequest(name=f"{_MOVIE}/ratingSummary")
    taken = []
    with Locked(traced) as locked:
        for _ in range(6):
            call = stub.GetRatingSummary.future(request, timeout=5)
            locked.until(waiting=True)
            time.sleep(0.1)
            assert locked.waiting, "the negative control: as long as somebody waits for the answer, the work goes on"
            call.cancel()
            taken.append(locked.until(waiting=False))
    assert min(taken) <= 0.05, taken
