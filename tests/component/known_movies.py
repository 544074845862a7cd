"""A movie context that knows which movies there are, and nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
from grpc_status import rpc_status

from mesh.errors import MeshError, Unavailable
from mesh.status import to_status
from reelmesh.movie.v1.movie_pb2 import Movie
from reelmesh.movie.v1.movie_service_pb2 import BatchGetMoviesRequest, BatchGetMoviesResponse

MISSING, DELETED, AWAY = "movies/missing", "movies/deleted", "movies/away"


class KnownMovies:
    """Every movie exists, except for MISSING; `deleted` ones are, and for AWAY the context cannot answer."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.deleted = {DELETED}

    async def get_movies(self, request: BatchGetMoviesRequest, context: Any) -> BatchGetMoviesResponse:
        (name,) = request.names
        self.asked.append(name)
        if name == MISSING:
            return BatchGetMoviesResponse(missing_names=[name])
        if name == AWAY:
            await _refuse(context, Unavailable("DATABASE_AWAY", "The database is not reachable."))
        state = Movie.STATE_DELETED if name in self.deleted else Movie.STATE_ACTIVE
        return BatchGetMoviesResponse(movies=[Movie(name=name, state=state)])


async def _refuse(context: Any, error: MeshError) -> None:
    await context.abort_with_status(rpc_status.to_status(to_status(error, "movie", "")))


@asynccontextmanager
async def serving_movies(movies: KnownMovies) -> AsyncIterator[str]:
    """Its address."""
    server = grpc.aio.server()
    method = grpc.unary_unary_rpc_method_handler(
        movies.get_movies, BatchGetMoviesRequest.FromString, BatchGetMoviesResponse.SerializeToString
    )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("reelmesh.movie.v1.MovieService", {"BatchGetMovies": method}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)
