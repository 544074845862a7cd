"""The grpcio transport carries handlers: each kind of call, each way that it can go wrong."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, cast

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from mesh.call import Call
from mesh.transport.grpcio.server import GrpcioServer
from mesh.transport.port import MAX_MESSAGE_BYTES
from reelmesh.movie.v1 import movie_pb2
from reelmesh.movie.v1 import movie_service_pb2 as pb
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceStub
from tests.component.mesh.conftest import Behaviour, DomainTrouble
from tests.services import admin, failure, token

TOY_STORY = pb.GetMovieResponse(movie=movie_pb2.Movie(name="movies/tt0114709", title="Toy Story"))
REQUEST = pb.GetMovieRequest(name="movies/tt0114709")


@pytest.fixture
async def channel(server: GrpcioServer) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(server.address) as channel:
        yield channel


@pytest.fixture
def stub(channel: grpc.aio.Channel) -> Any:
    return MovieServiceStub(channel)


async def _toy_story(request: Any, call: Call) -> pb.GetMovieResponse:
    return TOY_STORY


async def test_a_use_case_sees_who_calls_in_which_languages_and_until_when(behaviour: Behaviour, stub: Any) -> None:
    behaviour.unary = _toy_story
    metadata = (*token("users/bob", "USER"), ("accept-language", "pt-BR, de;q=0.5"), ("traceparent", f"00-{'a' * 32}-{'b' * 16}-00"))
    assert await stub.GetMovie(REQUEST, metadata=metadata, timeout=0.5) == TOY_STORY
    (call,) = behaviour.calls
    assert call.principal.subject == "users/bob"
    assert call.languages == ("pt-BR", "de")
    assert 0 < call.deadline.remaining() <= 0.51  # gRPC sends a timeout rounded up, to a millisecond here
    assert call.trace.trace_id == "a" * 32


async def test_the_deadline_of_the_contract_holds_for_a_caller_who_brings_none(behaviour: Behaviour, stub: Any) -> None:
    cancelled = asyncio.Event()

    async def sleepy(request: Any, call: Call) -> pb.GetMovieResponse:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return TOY_STORY

    behaviour.unary = sleepy
    answer = await failure(stub.GetMovie(REQUEST))  # the contract says one second
    assert (answer.code, answer.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
    assert cancelled.is_set()


async def test_work_stops_soon_after_the_caller_is_gone(behaviour: Behaviour, stub: Any) -> None:
    began, stopped = asyncio.Event(), asyncio.Event()

    async def endless(request: Any, call: Call) -> pb.GetMovieResponse:
        began.set()
        try:
            await asyncio.sleep(30)
        finally:
            stopped.set()
        return TOY_STORY

    behaviour.unary = endless
    running = stub.GetMovie(REQUEST)
    async with asyncio.timeout(5):
        await began.wait()
        running.cancel()
        await stopped.wait()


@pytest.mark.parametrize(
    ("raised", "code", "reason"),
    [
        (DomainTrouble(), grpc.StatusCode.FAILED_PRECONDITION, "TROUBLE"),
        (ValueError("password=hunter2 at /srv/app.py"), grpc.StatusCode.INTERNAL, "INTERNAL"),
    ],
)
async def test_an_error_is_answered_by_the_table(
    behaviour: Behaviour, stub: Any, raised: Exception, code: grpc.StatusCode, reason: str
) -> None:
    async def broken(request: Any, call: Call) -> pb.GetMovieResponse:
        raise raised

    behaviour.unary = broken
    answer = await failure(stub.GetMovie(REQUEST))
    assert (answer.code, answer.reason) == (code, reason)
    assert "hunter2" not in str(answer.status)


async def test_admission_comes_before_parsing_and_validation(behaviour: Behaviour, channel: grpc.aio.Channel, stub: Any) -> None:
    assert (await failure(stub.CreateMovie(pb.CreateMovieRequest()))).reason == "TOKEN_MISSING"
    assert (await failure(stub.CreateMovie(pb.CreateMovieRequest(), metadata=token()))).reason == "ROLE_MISSING"
    invalid = await failure(stub.CreateMovie(pb.CreateMovieRequest(movie_id="?"), metadata=admin()))
    assert (invalid.code, invalid.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["movie", "movie_id"])
    raw: Any = channel.unary_unary("/reelmesh.movie.v1.MovieService/GetMovie")
    malformed = await failure(raw(b"\xff\xff\xff"))
    assert (malformed.code, malformed.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_MESSAGE")
    assert behaviour.calls == []


async def test_a_client_stream_is_checked_message_by_message(behaviour: Behaviour, stub: Any) -> None:
    async def count(requests: AsyncIterator[pb.ImportMoviesRequest], call: Call) -> pb.ImportMoviesResponse:
        return pb.ImportMoviesResponse(created_count=sum([len(request.movies) async for request in requests]))

    behaviour.client_stream = count
    message = pb.ImportMoviesRequest(movies=[movie_pb2.Movie(name="movies/a", title="A")])
    assert (await stub.ImportMovies(iter([message, message]), metadata=admin())).created_count == 2
    answer = await failure(stub.ImportMovies(iter([message, pb.ImportMoviesRequest()]), metadata=admin()))
    assert (answer.code, answer.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["movies"])


async def test_a_server_stream_is_made_as_it_is_read_and_may_fail_in_the_middle(behaviour: Behaviour, stub: Any) -> None:
    made = 0

    async def three_then_trouble(request: Any, call: Call) -> AsyncIterator[pb.ExportMoviesResponse]:
        nonlocal made
        for _ in range(3):
            made += 1
            yield pb.ExportMoviesResponse(movie=TOY_STORY.movie)
        raise DomainTrouble

    behaviour.server_stream = three_then_trouble
    stream = stub.ExportMovies(pb.ExportMoviesRequest())
    assert [(await stream.read()).movie.title for _ in range(3)] == ["Toy Story"] * 3
    assert (await failure(stream.read())).code == grpc.StatusCode.FAILED_PRECONDITION


async def test_a_slow_reader_does_not_fill_memory(behaviour: Behaviour, stub: Any) -> None:
    made = 0

    async def endless(request: Any, call: Call) -> AsyncIterator[pb.ExportMoviesResponse]:
        nonlocal made
        while True:
            made += 1
            yield pb.ExportMoviesResponse(movie=movie_pb2.Movie(title="x" * 100_000))

    behaviour.server_stream = endless
    stream = stub.ExportMovies(pb.ExportMoviesRequest())
    await stream.read()
    await asyncio.sleep(0.3)
    stream.cancel()
    assert made < 500  # 50 MB; without flow control it is thousands


async def test_a_message_over_the_limit_is_refused(behaviour: Behaviour, stub: Any) -> None:
    behaviour.unary = _toy_story
    too_large = pb.CreateMovieRequest(movie=movie_pb2.Movie(title="x" * (MAX_MESSAGE_BYTES + 1)))
    assert (await failure(stub.CreateMovie(too_large, metadata=admin()))).code == grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_an_unknown_method_is_unimplemented(channel: grpc.aio.Channel) -> None:
    for path in ("/reelmesh.movie.v1.MovieService/Nothing", "/reelmesh.none.v1.Service/Nothing"):
        unknown: Any = channel.unary_unary(path)
        assert (await failure(unknown(b""))).code == grpc.StatusCode.UNIMPLEMENTED


async def test_health_and_reflection_answer_by_the_standard_services(server: GrpcioServer, channel: grpc.aio.Channel) -> None:
    health: Any = health_pb2_grpc.HealthStub(channel)
    for service in ("", "reelmesh.movie.v1.MovieService"):
        assert (await health.Check(health_pb2.HealthCheckRequest(service=service))).status == health_pb2.HealthCheckResponse.SERVING
    await server.set_serving(False)
    assert (await health.Check(health_pb2.HealthCheckRequest())).status == health_pb2.HealthCheckResponse.NOT_SERVING
    service, message = cast(Any, reflection_pb2_grpc), cast(Any, reflection_pb2)
    ask = service.ServerReflectionStub(channel).ServerReflectionInfo(iter([message.ServerReflectionRequest(list_services="")]))
    listed = {service.name async for response in ask for service in response.list_services_response.service}
    assert {"reelmesh.movie.v1.MovieService", "grpc.health.v1.Health"} <= listed


async def test_draining_lets_running_calls_finish(behaviour: Behaviour, server: GrpcioServer, stub: Any) -> None:
    began = asyncio.Event()

    async def short(request: Any, call: Call) -> pb.GetMovieResponse:
        began.set()
        await asyncio.sleep(0.2)
        return TOY_STORY

    behaviour.unary = short
    running = asyncio.ensure_future(stub.GetMovie(REQUEST))
    await began.wait()
    started = time.monotonic()
    await server.drain(5)
    assert await running == TOY_STORY
    assert time.monotonic() - started < 3
