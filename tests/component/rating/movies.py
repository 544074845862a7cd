"""A movie context that knows which movies there are, and nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
from grpc_status import rpc_status

from mesh.errors import MeshError, NotFound, Unavailable
from mesh.status import to_status
from reelmesh.movie.v1.movie_pb2 import Movie
from reelmesh.movie.v1.movie_service_pb2 import GetMovieRequest, GetMovieResponse
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceServicer, add_MovieServiceServicer_to_server

MISSING, DELETED, AWAY = "movies/missing", "movies/deleted", "movies/away"


class KnownMovies(MovieServiceServicer):
    """Every movie exists, except for MISSING; DELETED is deleted, and for AWAY the context cannot answer."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def GetMovie(self, request: GetMovieRequest, context: Any) -> GetMovieResponse:  # type: ignore[override]  # the generated one is not async
        self.asked.append(request.name)
        if request.name == MISSING:
            await _refuse(context, NotFound("reelmesh.movie/Movie", request.name, "MOVIE_NOT_FOUND"))
        if request.name == AWAY:
            await _refuse(context, Unavailable("DATABASE_AWAY", "The database is not reachable."))
        state = Movie.STATE_DELETED if request.name == DELETED else Movie.STATE_ACTIVE
        return GetMovieResponse(movie=Movie(name=request.name, state=state))


async def _refuse(context: Any, error: MeshError) -> None:
    await context.abort_with_status(rpc_status.to_status(to_status(error, "movie", "")))


@asynccontextmanager
async def serving_movies(movies: KnownMovies) -> AsyncIterator[str]:
    """Its address."""
    server = grpc.aio.server()
    add_MovieServiceServicer_to_server(movies, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)
