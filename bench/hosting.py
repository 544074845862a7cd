"""The servers that `bench.transport` compares: GetMovie and ExportMovies of one constant movie, bare or ours, on either transport.

`python -m bench.hosting bare-grpcio|bare-hosted|grpcio|hosted`, and of the latter two also `-quiet`, `-guarded` and `-open`, with KEYS,
ADDRESS_FILE and OTLP in the environment; until SIGTERM.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from mesh.auth import Authenticator
from mesh.call import ANONYMOUS, Call, Principal
from mesh.control_plane.envoy_tls import EnvoyTls
from mesh.environment import read_settings
from mesh.handlers import CallEnvironment, Handler
from mesh.keys import KeySet
from mesh.logs import configure_logs
from mesh.metrics import ServedCalls
from mesh.policy import Access, contexts, method_policy
from mesh.revocation import RevokedSessions
from mesh.server import rest_collector
from mesh.service_tokens import NO_SERVICE_TOKENS, ServiceTokens
from mesh.tls.settings import TlsSettings
from mesh.tracing import Tracing
from mesh.transport.envoy.admin import Admin
from mesh.transport.envoy.bootstrap import bootstrap
from mesh.transport.envoy.launch import become
from mesh.transport.envoy.termination import Termination
from mesh.transport.envoy.transport import HostedServer
from mesh.transport.grpcio.server import GrpcioServer
from reelmesh.movie.v1 import movie_pb2
from reelmesh.movie.v1 import movie_service_pb2 as pb

SERVICE: ServiceDescriptor = pb.DESCRIPTOR.services_by_name["MovieService"]
MOVIE = movie_pb2.Movie(
    name="movies/tt0114709", title="Toy Story", release_year=1995, original_language="en", genres=["animation", "comedy"]
)
_ANSWER = pb.GetMovieResponse(movie=MOVIE)
_EXPORTED = pb.ExportMoviesResponse(movie=MOVIE)
_MANNER = "BENCH_MANNER"
SERVED_WITH = "bench" * 8  # what services of a benchmark show each other
ROLE = Access.MODERATOR
STREAMED = 200  # messages of one stream
_state: dict[str, Any] = {}


async def _get_movie(request: pb.GetMovieRequest, call: Call) -> pb.GetMovieResponse:
    return _ANSWER


async def _export_movies(request: pb.ExportMoviesRequest, call: Call) -> AsyncIterator[pb.ExportMoviesResponse]:
    for _ in range(STREAMED):
        await asyncio.sleep(0)
        yield _EXPORTED


class _Open(Authenticator):
    """Takes everybody for nobody, without a look."""

    def principal(self, authorization: str | None) -> Principal:
        return ANONYMOUS


class _Uncounted(ServedCalls):
    def observe(self, code: int, seconds: float, peer: str) -> None:
        return


def handlers(manner: str, jwks_file: Path, collector: str) -> Mapping[str, Handler]:
    """As `mesh.server` builds them: authentication, metrics, one trace in a hundred, one line of log in a hundred. `quiet` ones do the same
    work for a call and tell nobody of it. `guarded` ones look at everything that access is decided by, for a method that asks for a role;
    `open` ones at nothing of it."""
    configure_logs("bench", "bench", "INFO")
    quiet = manner == "quiet"
    keys = KeySet(jwks_file)
    authenticator = (_Open if manner == "open" else Authenticator)(keys, "reelmesh", "reelmesh", revoked=RevokedSessions(900).held)
    tracing = Tracing("bench") if quiet else Tracing("bench", "bench", collector, 0.01)
    tokens = ServiceTokens("movie", [SERVED_WITH]) if manner == "guarded" else NO_SERVICE_TOKENS
    environment = CallEnvironment(authenticator, tracing, 0.0 if quiet else 0.01, contexts(), _tls().callers(contexts()), tokens)
    behaviours: dict[str, Callable[..., Any]] = {"GetMovie": _get_movie, "ExportMovies": _export_movies}
    policies = {name: method_policy(SERVICE.methods_by_name[name]) for name in behaviours}
    if manner == "guarded":
        policies = {name: replace(policy, access=ROLE) for name, policy in policies.items()}
    made = {policy.path: Handler(policy, behaviours[name], {}, environment) for name, policy in policies.items()}
    if quiet:
        for handler in made.values():
            handler._metrics = _Uncounted(handler.policy.path, ())
    return made


def _told_handlers(manner: str) -> Mapping[str, Handler]:
    return handlers(manner, Path(os.environ["KEYS"]), os.environ["OTLP"])


def _tls() -> TlsSettings:
    return read_settings(TlsSettings, os.environ)


async def _told(address: str) -> None:
    rest_collector()  # as a service does when it has started
    await asyncio.to_thread(Path(os.environ["ADDRESS_FILE"]).write_text, address)


async def _bare_grpcio() -> None:
    server = grpc.aio.server()

    async def get(request: pb.GetMovieRequest, context: Any) -> pb.GetMovieResponse:
        return _ANSWER

    async def export(request: pb.ExportMoviesRequest, context: Any) -> AsyncIterator[pb.ExportMoviesResponse]:
        for _ in range(STREAMED):
            await asyncio.sleep(0)
            yield _EXPORTED

    methods: dict[str, Any] = {
        "GetMovie": grpc.unary_unary_rpc_method_handler(get, pb.GetMovieRequest.FromString, pb.GetMovieResponse.SerializeToString),
        "ExportMovies": grpc.unary_stream_rpc_method_handler(
            export, pb.ExportMoviesRequest.FromString, pb.ExportMoviesResponse.SerializeToString
        ),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE.full_name, methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    await _told(f"127.0.0.1:{port}")
    await _terminated()
    await server.stop(0)


async def _grpcio(manner: str) -> None:
    server = GrpcioServer(_told_handlers(manner), "127.0.0.1:0", _tls().identity)
    await server.start()
    await server.set_serving(True)
    await _told(server.address)
    await _terminated()
    await server.drain(0)


async def _terminated() -> None:
    event = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, event.set)
    await event.wait()


async def bare(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The least that answers GetMovie in Envoy: no stream, no error, no time limit, nothing checked."""
    if scope["type"] != "http":
        await _lifespan(receive, send, None)
        return
    body, more = b"", True
    while more:
        event = await receive()
        body, more = body + event.get("body", b""), event.get("more_body", False)
    pb.GetMovieRequest.FromString(body[5:])
    answer = _ANSWER.SerializeToString()
    head = [(b"content-type", b"application/grpc")]
    await send({"type": "http.response.start", "status": 200, "trailers": True, "headers": head})
    await send({"type": "http.response.body", "body": b"\0" + len(answer).to_bytes(4, "big") + answer})
    await send({"type": "http.response.trailers", "headers": [(b"grpc-status", b"0")]})


async def hosted(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await _state["server"].host(scope, receive, send)
        return
    _state["server"] = HostedServer(_told_handlers(os.environ[_MANNER]), Admin.of_this_process(), _tls().identity)
    await _lifespan(receive, send, _state["server"])


async def _lifespan(receive: Any, send: Any, server: HostedServer | None) -> None:
    await receive()
    _state["life"] = asyncio.create_task(_live(server, Termination()))
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _live(server: HostedServer | None, termination: Termination) -> None:
    if server is None:
        await _told(await Admin.of_this_process().listening())
    else:
        await server.start()
        await server.set_serving(True)
        await _told(server.address)
    await termination.requested.wait()
    termination.release()


def main(kind: str) -> None:
    transport, _, manner = kind.partition("-")
    if kind == "bare-grpcio":
        asyncio.run(_bare_grpcio())
        return
    if transport == "grpcio":
        asyncio.run(_grpcio(manner))
        return
    app = "bench.hosting:bare" if kind == "bare-hosted" else "bench.hosting:hosted"
    file = Path(os.environ["ADDRESS_FILE"])
    tls = EnvoyTls.written(_tls().identity, file.parent)
    configuration = bootstrap(app, "127.0.0.1:0", node_id="bench", zone="", xds_servers=[], tls=tls)
    become(configuration, file.with_suffix(".admin"), {_MANNER: manner})


if __name__ == "__main__":
    main(sys.argv[1])
