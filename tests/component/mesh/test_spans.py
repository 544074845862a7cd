"""What a call leaves in its trace: its status, whose failure it is, and what nobody expected."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from mesh import errors
from mesh.auth import Authenticator
from mesh.call import Call
from mesh.handlers import CallEnvironment, CallFailed, Incoming, build_handlers
from mesh.keys import KeySet
from mesh.tracing import Tracing, current_recording
from reelmesh.movie.v1 import movie_service_pb2 as pb
from tests.component.mesh.conftest import SERVICE, Behaviour, servicer_of
from tests.services import write_jwks
from tests.spans import Span, collecting

_REQUEST = pb.GetMovieRequest(name="movies/a").SerializeToString()
_SAMPLED = {"traceparent": f"00-{'1' * 32}-{'2' * 16}-01"}


async def span_of(behaviour: Behaviour, directory: Path) -> Span:
    """Of one call of GetMovie that is recorded."""
    authenticator = Authenticator(KeySet(write_jwks(directory / "jwks.json")), "reelmesh", "reelmesh")
    with collecting() as collector:
        tracing = Tracing("movie", otlp_endpoint=collector.address)
        handlers = build_handlers(SERVICE, servicer_of(behaviour), {}, CallEnvironment(authenticator, tracing))

        async def call() -> None:
            try:
                await handlers["/reelmesh.movie.v1.MovieService/GetMovie"].unary(_REQUEST, Incoming(_SAMPLED, 5.0, ""))
            except CallFailed:
                return

        await asyncio.create_task(call())  # as a transport does: in a context of its own
        await asyncio.to_thread(tracing.flush)
        (span,) = collector.traces.spans
        return span


async def answered(request: Any, call: Call) -> pb.GetMovieResponse:
    recording = current_recording.get()
    assert recording is not None, "what the use case does is recorded below the call"
    assert recording.traceparent == call.trace.traceparent
    return pb.GetMovieResponse()


async def missing(request: Any, call: Call) -> Any:
    raise errors.NotFound("reelmesh.movie/Movie", "movies/a", "MOVIE_NOT_FOUND")


async def away(request: Any, call: Call) -> Any:
    raise errors.Unavailable("DATABASE_AWAY", "The database is away.")


async def broken(request: Any, call: Call) -> Any:
    raise ZeroDivisionError("of ours")


@pytest.mark.parametrize(
    ("does", "code", "failed", "unexpected"),
    [
        (answered, "OK", False, ()),
        (missing, "NOT_FOUND", False, ()),
        (away, "UNAVAILABLE", True, ()),
        (broken, "INTERNAL", True, ("ZeroDivisionError",)),
    ],
)
async def test_a_call_is_an_error_of_the_service_only_when_it_is_the_services(
    behaviour: Behaviour, tmp_path: Path, does: Any, code: str, failed: bool, unexpected: tuple[str, ...]
) -> None:
    behaviour.unary = does
    span = await span_of(behaviour, tmp_path)
    assert (span.name, span.parent_id) == ("reelmesh.movie.v1.MovieService/GetMovie", "2" * 16)
    assert (span.attributes["rpc.response.status_code"], span.failed, span.exceptions) == (code, failed, unexpected)
