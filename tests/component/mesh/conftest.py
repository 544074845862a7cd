"""A small servicer of MovieService under the real transport: what it does is each test's choice."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message_factory import GetMessageClass

from mesh import errors
from mesh.auth import Authenticator
from mesh.call import Call
from mesh.handlers import CallEnvironment, ErrorTable, build_handlers
from mesh.keys import KeySet
from mesh.tracing import Tracing
from mesh.transport.grpcio.server import GrpcioServer
from reelmesh.movie.v1 import movie_service_pb2 as pb
from tests.services import write_jwks

SERVICE = pb.DESCRIPTOR.services_by_name["MovieService"]


class DomainTrouble(Exception):
    """An error that the table below knows."""


@dataclass
class Behaviour:
    """What the servicer under test does when it is called."""

    unary: Callable[[Any, Call], Awaitable[Any]] | None = None
    client_stream: Callable[[AsyncIterator[Any], Call], Awaitable[Any]] | None = None
    server_stream: Callable[[Any, Call], AsyncIterator[Any]] | None = None
    calls: list[Call] = field(default_factory=list)


def servicer_of(behaviour: Behaviour) -> object:
    """Has every method of the contract, with its types; each does what `behaviour` says for its kind."""

    def unary(kind_in: Any, kind_out: Any) -> Any:
        async def method(self: object, request: Any, call: Call) -> Any:
            behaviour.calls.append(call)
            assert behaviour.unary is not None
            return await behaviour.unary(request, call)

        method.__annotations__ = {"request": kind_in, "call": Call, "return": kind_out}
        return method

    def client_stream(kind_in: Any, kind_out: Any) -> Any:
        async def method(self: object, requests: Any, call: Call) -> Any:
            assert behaviour.client_stream is not None
            return await behaviour.client_stream(requests, call)

        method.__annotations__ = {"requests": AsyncIterator[kind_in], "call": Call, "return": kind_out}
        return method

    def server_stream(kind_in: Any, kind_out: Any) -> Any:
        def method(self: object, request: Any, call: Call) -> Any:
            assert behaviour.server_stream is not None
            return behaviour.server_stream(request, call)

        method.__annotations__ = {"request": kind_in, "call": Call, "return": AsyncIterator[kind_out]}
        return method

    methods = {}
    for declared in SERVICE.methods:
        make = client_stream if declared.client_streaming else server_stream if declared.server_streaming else unary
        methods[declared.name] = make(GetMessageClass(declared.input_type), GetMessageClass(declared.output_type))
    return type("MovieServicer", (), methods)()


@pytest.fixture
def behaviour() -> Behaviour:
    return Behaviour()


@pytest.fixture
async def server(behaviour: Behaviour, tmp_path: Path) -> AsyncIterator[GrpcioServer]:

    authenticator = Authenticator(KeySet(write_jwks(tmp_path / "jwks.json")), "reelmesh", "reelmesh")
    table: ErrorTable = {DomainTrouble: lambda error: errors.FailedPrecondition("TROUBLE", "It is in trouble.", "movies/a")}
    handlers = build_handlers(SERVICE, servicer_of(behaviour), table, CallEnvironment(authenticator, Tracing("movie")))
    server = GrpcioServer(handlers, "127.0.0.1:0")
    await server.start()
    await server.set_serving(True)
    yield server
    await server.drain(0)
