"""What operators have: probes that tell the truth while processes die, what to scrape, log levels, and Jaeger."""

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import httpx
import pytest

from stack.whole import WholeStack
from tests.e2e.breaking import eventually
from tests.e2e.conftest import bearer, client, leaving_nothing
from tests.tools import required_tool

_CONTEXTS = {"movie", "rating", "metadata", "recommender", "identity", "library", "booking"}


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeStack]:
    """With a Jaeger of its own."""
    required_tool("jaeger")
    with leaving_nothing(tmp_path_factory.mktemp("watched") / "data", "--otlp", "jaeger") as running:
        yield running


@pytest.fixture(scope="module")
def web(watched: WholeStack) -> Iterator[httpx.Client]:
    with client(watched) as opened:
        yield opened


def reelmesh(stack: WholeStack, *arguments: str) -> str:
    argv = [sys.executable, "-m", "stack", *arguments, "--data-dir", str(stack.directory.path)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout


def test_jaeger_has_the_trace_of_a_request(watched: WholeStack, web: httpx.Client) -> None:
    status = json.loads(reelmesh(watched, "status", "--json"))
    assert {process["name"]: process["health"] for process in status["processes"]}["jaeger"] == "healthy"
    admin = bearer(watched.token("users/admin", ["ADMIN", "USER"]))
    assert web.post("/v1/movies", params={"movieId": "seen"}, json={"title": "Seen"}, headers=admin).status_code == 200
    page, rating = "1" * 32, "2" * 32
    assert web.get("/v1/movies/seen:details", headers=_trace(page)).status_code == 200
    assert web.post("/v1/movies/seen:rate", json={"score": 3}, headers={**admin, **_trace(rating)}).status_code == 200
    wanted = {("edge", "movie"), *(("movie", context) for context in ("rating", "metadata", "recommender"))}
    found: dict[str, Any] = {}

    def has(trace_id: str, edges: set[tuple[str, str]], span: str) -> bool:
        found[trace_id] = _asked(status["urls"]["traces"], trace_id)
        return edges <= _edges(found[trace_id]) and span in {each["operationName"] for each in found[trace_id]["spans"]}

    eventually(lambda: has(page, wanted, "SELECT movies"))
    eventually(lambda: has(rating, {("edge", "rating"), ("rating", "movie")}, "process events.rating.RatingSummaryChanged"))
    kinds = {tag["value"] for span in found[rating]["spans"] for tag in span["tags"] if tag["key"] == "span.kind"}
    assert kinds == {"server", "client", "producer", "consumer"}
    failed = "4" * 32
    reelmesh(watched, "fault", "metadata", "BatchGetMovieMetadata", "--abort", "UNAVAILABLE")
    eventually(
        lambda: web.get("/v1/movies/seen:details", params={"languageCode": f"en-{secrets.token_hex(4)}"}).json().get("unavailableParts")
    )
    assert web.get("/v1/movies/seen:details?languageCode=en-failed", headers=_trace(failed)).status_code == 200
    reelmesh(watched, "fault", "metadata", "BatchGetMovieMetadata", "--clear")
    eventually(lambda: has(failed, wanted - {("movie", "metadata")}, "reelmesh.metadata.v1.MetadataService/BatchGetMovieMetadata"))
    errors = [span for span in found[failed]["spans"] if any(tag["key"] == "error" and tag["value"] for tag in span["tags"])]
    assert {span["operationName"] for span in errors} == {"reelmesh.metadata.v1.MetadataService/BatchGetMovieMetadata"}


def _trace(trace_id: str) -> dict[str, str]:
    return {"traceparent": f"00-{trace_id}-{'3' * 16}-01"}


def _asked(url: str, trace_id: str) -> dict[str, Any]:
    answer = httpx.get(f"{url}/api/traces/{trace_id}", trust_env=False)
    data: list[dict[str, Any]] = answer.json()["data"] if answer.status_code == 200 else []
    return data[0] if data else {"spans": [], "processes": {}}


def _edges(trace: dict[str, Any]) -> set[tuple[str, str]]:
    owners = {span["spanID"]: trace["processes"][span["processID"]]["serviceName"] for span in trace["spans"]}
    pairs = [(owners.get(each["spanID"], ""), owners[span["spanID"]]) for span in trace["spans"] for each in span.get("references", ())]
    return {(above, below) for above, below in pairs if above and above != below}


def test_everything_with_metrics_is_there_to_be_scraped(watched: WholeStack, web: httpx.Client) -> None:
    admin = bearer(watched.token("users/admin", ["ADMIN", "USER"]))
    assert web.post("/v1/movies", params={"movieId": "counted"}, json={"title": "Counted"}, headers=admin).status_code == 200
    assert web.get("/v1/movies/counted:details").status_code == 200
    assert web.post("/v1/movies/counted:rate", json={"score": 3}, headers=admin).status_code == 200
    targets = httpx.get(watched.state.urls["targets"], trust_env=False).json()
    assert {target["labels"]["context"] for target in targets} == {*_CONTEXTS, "edge", "control-plane"}
    texts = {}
    for target in targets:
        path = target["labels"].get("__metrics_path__", "/metrics")
        answer = httpx.get(f"http://{target['targets'][0]}{path}", trust_env=False)
        assert answer.status_code == 200, target
        texts[target["labels"]["context"]] = answer.text
    for expected in (
        "reelmesh_build_info{commit=",
        'reelmesh_rpc_served_total{code="OK",method="reelmesh.movie.v1.MovieService/GetMovieDetails",peer="edge"}',
        'reelmesh_rpc_served_total{code="OK",method="reelmesh.movie.v1.MovieService/BatchGetMovies",peer="rating"}',
        'reelmesh_rpc_client_seconds_count{method="reelmesh.rating.v1.RatingService/GetRatingSummary"}',
        'reelmesh_database_pool_connections{database="reelmesh movie",state="idle"}',
        "reelmesh_cache_misses_total{",
        'reelmesh_outbox_lag_seconds{context="movie"}',
        'reelmesh_consumer_lag_seconds{consumer="movie-search"}',
        'reelmesh_events_dead_lettered_total{consumer="movie-search"}',
    ):
        assert expected in texts["movie"], expected
    for expected in ("reelmesh_xds_pushes_total", "reelmesh_xds_nacks_total", 'reelmesh_registry_instances{context="movie"} 1.0'):
        assert expected in texts["control-plane"], expected
    assert "envoy_http_downstream_rq_xx" in texts["edge"]


def test_levels_change_while_a_service_runs(watched: WholeStack, web: httpx.Client) -> None:
    log = watched.directory.logs / "movie-1.log"

    def told(text: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in log.read_text("utf-8").splitlines() if text in line]

    def refused_calls(expected: int) -> bool:
        return len(told("NOT_FOUND")) == expected

    before = len(told("NOT_FOUND"))
    web.get("/v1/movies/nobody")
    eventually(lambda: refused_calls(before + 1))
    assert reelmesh(watched, "loglevel", "movie", "ERROR", "--logger", "mesh.access") == "movie-1: mesh.access ERROR\n"
    web.get("/v1/movies/nobody")
    assert reelmesh(watched, "loglevel", "movie-1", "DEFAULT", "--logger", "mesh.access") == "movie-1: mesh.access INFO\n"
    web.get("/v1/movies/nobody")
    eventually(lambda: len(told("NOT_FOUND")) > before + 1)
    assert refused_calls(before + 2), "the call in between is not told"
    assert [line["by"] for line in told("log level changed")] == ["users/admin"] * 2


def test_the_edge_has_no_route_to_what_operators_ask(web: httpx.Client) -> None:
    answer = web.post("/reelmesh.admin.v1.AdminService/GetBuildInfo", headers={"content-type": "application/grpc"})
    assert answer.headers["grpc-status"] == "12"


def ready(web: httpx.Client) -> tuple[int, dict[str, Any]]:
    answer = web.get("/readyz")
    assert "127.0.0.1" not in answer.text
    assert answer.headers["content-type"] == "application/json"
    assert web.get("/healthz").json() == {"status": "ok", "checks": {"edge": "ok"}}, "the edge lives whatever dies behind it"
    return answer.status_code, answer.json()


ALL_READY = (200, {"status": "ok", "checks": dict.fromkeys(sorted(_CONTEXTS), "ok")})


def kept_down(stack: WholeStack, names: Sequence[str]) -> None:
    """Once more, as often as the supervisor starts it again."""
    for name in names:
        if (pid := stack.process(name).pid) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_readiness_tells_of_a_killed_service(watched: WholeStack, web: httpx.Client) -> None:
    eventually(lambda: ready(web) == ALL_READY)

    def told() -> bool:
        kept_down(watched, ["rating-1"])
        status, content = ready(web)
        return (status, content["status"], content["checks"]) == (
            503, "unavailable", dict.fromkeys(_CONTEXTS, "ok") | {"rating": "unavailable"},
        )  # fmt: skip

    eventually(told)
    eventually(lambda: ready(web) == ALL_READY, 20)


def test_readiness_tells_of_a_killed_database(watched: WholeStack, web: httpx.Client) -> None:
    eventually(lambda: ready(web) == ALL_READY)

    def told() -> bool:
        kept_down(watched, ["postgres"])
        return ready(web) == (503, {"status": "unavailable", "checks": dict.fromkeys(sorted(_CONTEXTS), "not serving")})

    eventually(told)
    eventually(lambda: ready(web) == ALL_READY, 30)


def test_without_a_control_plane_readiness_is_unknown_and_the_edge_stays_in_service(watched: WholeStack, web: httpx.Client) -> None:
    eventually(lambda: ready(web) == ALL_READY)

    def told() -> bool:
        kept_down(watched, ["control-plane"])
        return ready(web) == (200, {"status": "unknown", "checks": {"control-plane": "unavailable"}})

    eventually(told)
    assert web.get("/v1/movies/seen").status_code == 200
    eventually(lambda: ready(web) == ALL_READY, 20)
