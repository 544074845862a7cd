"""Who may call, as a server decides it: keys that are fetched when they are needed, and services that show that they are one."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from mesh.auth import Authenticator
from mesh.call import ANONYMOUS, Call, Deadline, TraceContext, current_call
from mesh.errors import Unauthenticated
from mesh.handlers import CallEnvironment, CallFailed, Handler, Incoming, build_handlers
from mesh.keys import KeySet, RemoteKeySet
from mesh.personal_data import SERVICE as EXPORTING
from mesh.policy import policies
from mesh.service_tokens import SERVICE_TOKEN, ServiceTokens
from mesh.tracing import Tracing
from mesh.transport.grpcio.server import GrpcioServer
from mesh.transport.grpcio.transport import GrpcioTransport
from reelmesh.movie.v1 import movie_service_pb2 as pb
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceStub
from reelmesh.privacy.v1 import personal_data_service_pb2 as privacy
from reelmesh.privacy.v1.personal_data_service_pb2_grpc import PersonalDataServiceStub
from tests.component.mesh.conftest import SERVICE, Behaviour, servicer_of
from tests.services import failure, signed, stub_of, token, write_jwks

REQUEST = pb.GetMovieRequest(name="movies/tt0114709")
SECRET = "s" * 32


class Exports:
    """Remembers who asked."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def ExportPersonalData(
        self, request: privacy.ExportPersonalDataRequest, call: Call
    ) -> AsyncIterator[privacy.ExportPersonalDataResponse]:
        self.calls.append(call)
        yield privacy.ExportPersonalDataResponse(kind="ratings")


@asynccontextmanager
async def serving(handlers: Mapping[str, Handler]) -> AsyncIterator[str]:
    server = GrpcioServer(handlers, "127.0.0.1:0")
    await server.start()
    yield server.address
    await server.drain(0)


@pytest.fixture
def exports() -> Exports:
    return Exports()


@pytest.fixture
async def rating(exports: Exports, tmp_path: Path) -> AsyncIterator[str]:
    """Serves what only services may call."""
    authenticator = Authenticator(KeySet(write_jwks(tmp_path / "jwks.json")), "reelmesh", "reelmesh")
    environment = CallEnvironment(authenticator, Tracing("rating"), service_tokens=ServiceTokens("rating", [SECRET]))
    async with serving(build_handlers(EXPORTING, exports, {}, environment)) as address:
        yield address


async def export(address: str, *secrets: str, callee: str = "rating") -> list[Any]:
    """As identity asks, over the channel that services use."""
    transport = GrpcioTransport(lambda context: address)
    channel = transport.channel(callee, policies([EXPORTING]), Tracing("identity"), ServiceTokens("identity", secrets))
    stub = PersonalDataServiceStub(cast(Any, channel))
    try:
        return [answer.kind async for answer in stub.ExportPersonalData(privacy.ExportPersonalDataRequest(user="users/alice"))]
    finally:
        await channel.close()


async def test_a_service_is_known_beside_the_user_for_whom_it_calls(rating: str, exports: Exports) -> None:
    credentials = dict(token())["authorization"]
    assert await export(rating, SECRET) == ["ratings"]  # a job of its own, for nobody
    current_call.set(Call("/a/B", ANONYMOUS, Deadline.after(5), (), TraceContext("0" * 32, ""), credentials))
    assert await export(rating, SECRET) == ["ratings"]
    assert [(call.service, call.principal.subject) for call in exports.calls] == [("identity", ""), ("identity", "users/alice")]


@pytest.mark.parametrize(
    ("secrets", "callee", "reason"),
    [((), "rating", "TOKEN_MISSING"), (("o" * 32,), "rating", "SERVICE_TOKEN_INVALID"), ((SECRET,), "metadata", "SERVICE_TOKEN_INVALID")],
    ids=["without a secret", "with another secret", "with a proof for somebody else"],
)
async def test_whoever_is_no_service_is_refused(rating: str, exports: Exports, secrets: tuple[str, ...], callee: str, reason: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await export(rating, *secrets, callee=callee)
    assert refused.value.reason == reason
    assert exports.calls == []


async def test_a_user_is_no_service_and_a_service_has_no_role_of_its_own(rating: str, behaviour: Behaviour, tmp_path: Path) -> None:
    async with stub_of(rating, cast(Any, PersonalDataServiceStub)) as stub:
        found = stub.ExportPersonalData(privacy.ExportPersonalDataRequest(user="users/alice"), metadata=token())
        assert (await failure(found.read())).reason == "ROLE_MISSING"
    authenticator = Authenticator(KeySet(write_jwks(tmp_path / "jwks.json")), "reelmesh", "reelmesh")
    environment = CallEnvironment(authenticator, Tracing("movie"), service_tokens=ServiceTokens("movie", [SECRET]))
    proof = ((SERVICE_TOKEN, ServiceTokens("identity", [SECRET]).issued("movie")),)
    handlers = build_handlers(SERVICE, servicer_of(behaviour), {}, environment)
    async with serving(handlers) as address, stub_of(address, cast(Any, MovieServiceStub)) as stub:
        assert (await failure(stub.CreateMovie(pb.CreateMovieRequest(), metadata=proof))).reason == "TOKEN_MISSING"
        assert (await failure(stub.CreateMovie(pb.CreateMovieRequest(), metadata=(*proof, *token())))).reason == "ROLE_MISSING"


async def test_a_key_that_is_not_known_yet_is_fetched_and_the_call_answered(behaviour: Behaviour, tmp_path: Path) -> None:
    path, asked = write_jwks(tmp_path / "jwks.json"), []

    def fetch(url: str) -> str:
        asked.append(url)
        return path.read_text()

    async def answer(request: Any, call: Call) -> pb.GetMovieResponse:
        return pb.GetMovieResponse()

    behaviour.unary = answer
    authenticator = Authenticator(RemoteKeySet("http://identity/keys", fetch), "reelmesh", "reelmesh")
    handlers = build_handlers(SERVICE, servicer_of(behaviour), {}, CallEnvironment(authenticator, Tracing("movie")))
    async with serving(handlers) as address, stub_of(address, cast(Any, MovieServiceStub)) as stub:
        await asyncio.gather(*(stub.GetMovie(REQUEST, metadata=token(f"users/u{number}")) for number in range(10)))
        assert asked == ["http://identity/keys"]
        unknown = (("authorization", f"Bearer {signed({}, kid='other')}"),)
        assert (await failure(stub.GetMovie(REQUEST, metadata=unknown))).reason == "TOKEN_NOT_OURS"
        assert {call.principal.subject for call in behaviour.calls} == {f"users/u{number}" for number in range(10)}


@pytest.mark.parametrize(("name", "is_service"), [("identity", True), ("edge", False), ("somebody", False)])
async def test_a_certificate_says_which_service_calls_whatever_its_token_says(
    exports: Exports, tmp_path: Path, name: str, is_service: bool
) -> None:
    authenticator = Authenticator(KeySet(write_jwks(tmp_path / "jwks.json")), "reelmesh", "reelmesh")
    environment = CallEnvironment(
        authenticator, Tracing("rating"), peers={"edge", "identity", "movie"}, service_tokens=ServiceTokens("rating", [SECRET])
    )
    [handler] = build_handlers(EXPORTING, exports, {}, environment).values()
    request = privacy.ExportPersonalDataRequest(user="users/alice").SerializeToString()
    token_of_movie = {SERVICE_TOKEN: ServiceTokens("movie", [SECRET]).issued("rating")} if is_service else {}
    answers = handler.stream(request, Incoming(token_of_movie, 5.0, "test", identity=name))
    if is_service:
        assert len([answer async for answer in answers]) == 1
        assert [call.service for call in exports.calls] == ["identity"]
    else:
        with pytest.raises(CallFailed):
            await anext(answers)
