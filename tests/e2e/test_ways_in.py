"""Every way in: gRPC through the edge and past it, reflection, gRPC-Web, and the `reelmesh` command."""

import json
import struct
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import grpc
import httpx
import psutil
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from reelmesh.movie.v1.movie_service_pb2 import GetMovieRequest, GetMovieResponse
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceStub
from reelmesh.rating.v1.rating_service_pb2 import GetTasteSimilarityRequest
from reelmesh.rating.v1.rating_service_pb2_grpc import RatingServiceStub
from stack.whole import WholeStack

TOY_STORY = "movies/tt0114709"


def reelmesh(stack: WholeStack, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-m", "stack", *arguments, "--data-dir", str(stack.directory.path)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, input=stdin)


def said(done: "subprocess.CompletedProcess[str]") -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_grpc_through_the_edge_and_past_it_is_the_same(stack: WholeStack, channel: grpc.Channel) -> None:
    request = GetMovieRequest(name=TOY_STORY)
    through = MovieServiceStub(channel).GetMovie(request, timeout=5)
    assert through.movie.title == "Toy Story"
    with grpc.insecure_channel(stack.process("movie-1").address) as direct:
        assert MovieServiceStub(direct).GetMovie(request, timeout=5) == through


def test_a_token_opens_what_is_closed_without_one(stack: WholeStack, channel: grpc.Channel) -> None:
    ratings, request = RatingServiceStub(channel), GetTasteSimilarityRequest(user="users/alice", other_user="users/bob")
    with pytest.raises(grpc.RpcError) as refused:
        ratings.GetTasteSimilarity(request, timeout=5)
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
    done = reelmesh(stack, "token", "--subject", "users/bob", "--ttl", "5m")
    metadata = (("authorization", f"Bearer {done.stdout.strip()}"),)
    assert ratings.GetTasteSimilarity(request, timeout=5, metadata=metadata).HasField("similarity")


def test_the_compression_of_grpc_is_nothing_that_http_could_ask_for(http: httpx.Client) -> None:
    answer = http.get("/v1/movies", headers={"grpc-encoding": "gzip", "grpc-accept-encoding": "gzip"})
    assert (answer.status_code, len(answer.json()["movies"])) == (200, 50)


@pytest.mark.parametrize(
    ("process", "services"),
    [
        ("movie-1", {"reelmesh.movie.v1.MovieService"}),
        ("rating-1", {"reelmesh.rating.v1.RatingService", "reelmesh.rating.v1.ReviewService"}),
        ("metadata-1", {"reelmesh.metadata.v1.MetadataService"}),
        ("recommender-1", {f"reelmesh.recommender.v1.{service}Service" for service in ("Recommender", "Model", "Experiment")}),
        ("identity-1", {"reelmesh.identity.v1.AccountService", "reelmesh.identity.v1.SessionService", "reelmesh.identity.v1.KeyService"}),
        ("library-1", {f"reelmesh.library.v1.{kind}Service" for kind in ("Watchlist", "Favorite", "Playlist", "History", "Transfer")}),
        ("booking-1", {f"reelmesh.booking.v1.{kind}Service" for kind in ("Venue", "Showtime", "Booking")}),
    ],
)
def test_services_describe_themselves(stack: WholeStack, process: str, services: set[str]) -> None:
    with grpc.insecure_channel(stack.process(process).address) as direct:
        database = ProtoReflectionDescriptorDatabase(direct)
        offered = set(database.get_services())
        assert offered >= services | {"grpc.health.v1.Health"}
        pool = DescriptorPool(database)
        for service in services:
            assert pool.FindServiceByName(service).methods


def test_a_page_calls_by_grpc_web(http: httpx.Client) -> None:
    message = GetMovieRequest(name=TOY_STORY).SerializeToString()
    answer = http.post(
        "/reelmesh.movie.v1.MovieService/GetMovie",
        content=b"\0" + struct.pack(">I", len(message)) + message,
        headers={"content-type": "application/grpc-web+proto", "x-grpc-web": "1", "origin": "http://page.test"},
    )
    flag, size = struct.unpack(">BI", answer.content[:5])
    assert (answer.status_code, flag) == (200, 0)
    assert GetMovieResponse.FromString(answer.content[5 : 5 + size]).movie.title == "Toy Story"
    assert b"grpc-status:0" in answer.content[5 + size :].replace(b" ", b"")
    assert answer.headers["access-control-allow-origin"]


@pytest.mark.parametrize("method", ["MovieService.GetMovie", "reelmesh.movie.v1.MovieService/GetMovie"])
def test_any_rpc_can_be_called_by_name(stack: WholeStack, method: str) -> None:
    assert said(reelmesh(stack, "call", method, json.dumps({"name": TOY_STORY})))["movie"]["title"] == "Toy Story"


def test_a_stream_is_called_by_name_too(stack: WholeStack) -> None:
    done = reelmesh(stack, "call", "MovieService.ExportMovies")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) >= 200
    assert all(line["movie"]["name"] for line in lines)


def test_a_failed_call_tells_the_status(stack: WholeStack) -> None:
    done = reelmesh(stack, "call", "MovieService.GetMovie", '{"name": "movies/no-such"}')
    assert (done.returncode, done.stdout) == (1, "")
    status = json.loads(done.stderr)
    assert (status["code"], status["details"][0]["reason"]) == (5, "MOVIE_NOT_FOUND")


def test_status_is_exactly_what_programs_were_promised(stack: WholeStack, http: httpx.Client, transport: str) -> None:
    shown = said(reelmesh(stack, "status", "--json"))
    assert set(shown) == {"processes", "urls", "mesh", "rules", "admin_login", "mailbox"}
    services = ["movie-1", "rating-1", "metadata-1", "recommender-1", "identity-1", "library-1", "booking-1"]
    assert names(shown["processes"]) == ["postgres", "nats", "payments", "control-plane", *services, "edge"]
    for process in shown["processes"]:
        assert set(process) == {"name", "kind", "pid", "address", "admin", "health", "rss_bytes"}
        assert (process["health"], psutil.pid_exists(process["pid"])) == ("healthy", True)
        assert process["rss_bytes"] > 1 << 20
        assert process["address"].startswith("127.0.0.1:")
        if process["kind"] == "envoy" or (process["kind"] == "service" and transport == "envoy"):
            assert http.get(f"http://{process['admin']}/server_info").json()["state"] == "LIVE"
        else:
            assert process["admin"] == ""
    assert shown["urls"]["edge"] == stack.edge
    assert http.get(shown["urls"]["openapi"]).json()["openapi"].startswith("3.1")
    assert "<html" in http.get(shown["urls"]["docs"]).text.lower()


def test_the_whole_stack_fits_into_a_gibibyte(stack: WholeStack) -> None:
    processes = said(reelmesh(stack, "status", "--json"))["processes"]
    sizes = {process["name"]: _proportional_bytes(process["pid"]) for process in processes}
    assert sum(sizes.values()) < 1 << 30, sizes


def _proportional_bytes(pid: int) -> int:
    """Of a process and its descendants; what it shares with others, such as the code of Envoy, is divided among them."""
    process = psutil.Process(pid)
    return sum(int(each.memory_full_info().pss) for each in (process, *process.children(recursive=True)))


def names(processes: Sequence[dict[str, Any]]) -> list[str]:
    return [process["name"] for process in processes]
