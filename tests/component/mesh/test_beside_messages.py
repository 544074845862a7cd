"""What a servicer may do beyond messages and the error table: metadata both ways, and a status of its own."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.rpc import code_pb2, error_details_pb2, status_pb2

from mesh.call import Call
from mesh.handlers import CallFailed
from mesh.transport.grpcio.server import GrpcioServer
from reelmesh.movie.v1 import movie_service_pb2 as pb
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceStub
from tests.component.mesh.conftest import Behaviour, DomainTrouble
from tests.services import failure

REQUEST = pb.GetMovieRequest(name="movies/tt0114709")
METADATA = (("x-wish", "more"), ("x-wish-bin", b"\0\xff"))


@pytest.fixture
async def stub(server: GrpcioServer) -> AsyncIterator[Any]:
    async with grpc.aio.insecure_channel(server.address) as channel:
        yield MovieServiceStub(channel)


def _echo(call: Call) -> None:
    call.add_leading("x-granted", call.metadata["x-wish"])
    call.add_trailing("x-granted-bin", call.binary_metadata["x-wish-bin"])


async def _sent(call: Any) -> tuple[Any, Any]:
    leading, trailing = dict(await call.initial_metadata()), dict(await call.trailing_metadata())
    return leading.get("x-granted"), trailing.get("x-granted-bin")


async def test_a_unary_call_answers_with_metadata(behaviour: Behaviour, stub: Any) -> None:
    async def echo(request: Any, call: Call) -> pb.GetMovieResponse:
        _echo(call)
        return pb.GetMovieResponse()

    behaviour.unary = echo
    call = stub.GetMovie(REQUEST, metadata=METADATA)
    await call
    assert await _sent(call) == ("more", b"\0\xff")


@pytest.mark.parametrize("messages", [0, 2])
async def test_a_stream_answers_with_metadata_even_when_it_is_empty(behaviour: Behaviour, stub: Any, messages: int) -> None:
    async def echo(request: Any, call: Call) -> AsyncIterator[pb.ExportMoviesResponse]:
        _echo(call)
        for _ in range(messages):
            yield pb.ExportMoviesResponse()

    behaviour.server_stream = echo
    call = stub.ExportMovies(pb.ExportMoviesRequest(), metadata=METADATA)
    assert len([message async for message in call]) == messages
    assert await _sent(call) == ("more", b"\0\xff")


async def test_trailing_metadata_goes_out_with_an_error_and_its_details(behaviour: Behaviour, stub: Any) -> None:
    async def trouble(request: Any, call: Call) -> pb.GetMovieResponse:
        _echo(call)
        raise DomainTrouble

    behaviour.unary = trouble
    call = stub.GetMovie(REQUEST, metadata=METADATA)
    assert (await failure(call)).reason == "TROUBLE"
    assert (await _sent(call))[1] == b"\0\xff"


async def test_a_status_of_the_servicers_own_goes_out_as_it_is(behaviour: Behaviour, stub: Any) -> None:
    status = status_pb2.Status(code=code_pb2.DATA_LOSS, message="grüße\n")
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason="TORN", domain="elsewhere"))

    async def passing_on(request: Any, call: Call) -> pb.GetMovieResponse:
        raise CallFailed(status)

    behaviour.unary = passing_on
    assert (await failure(stub.GetMovie(REQUEST))).status == status


@pytest.mark.parametrize("code", [0, 17, -1])
async def test_a_status_that_is_no_failure_is_a_mistake_of_the_servicer(behaviour: Behaviour, stub: Any, code: int) -> None:
    async def wrong(request: Any, call: Call) -> pb.GetMovieResponse:
        raise CallFailed(status_pb2.Status(code=code))

    behaviour.unary = wrong
    assert (await failure(stub.GetMovie(REQUEST))).code == grpc.StatusCode.INTERNAL
