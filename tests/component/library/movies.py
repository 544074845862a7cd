"""A movie context that knows some movies, and remembers how often it was asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from reelmesh.movie.v1.movie_pb2 import Movie, MovieCard
from reelmesh.movie.v1.movie_service_pb2 import (
    BatchGetMovieCardsRequest,
    BatchGetMovieCardsResponse,
    GetMovieRequest,
    GetMovieResponse,
)
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceServicer, add_MovieServiceServicer_to_server

MISSING = "missing"


@dataclass
class KnownMovies:
    """Every movie exists but MISSING; those in `deleted` are deleted. `away` answers UNAVAILABLE to everything."""

    deleted: set[str] = field(default_factory=set)
    away: bool = False
    parts: list[BatchGetMovieCardsResponse.Part.ValueType] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)

    async def arrive(self, request: Any, context: Any) -> None:
        self.asked.append(type(request).__name__.removesuffix("Request"))
        self.languages.append(str(dict(context.invocation_metadata()).get("accept-language", "")))
        if self.away:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "away")


class _Movies(MovieServiceServicer):
    def __init__(self, known: KnownMovies) -> None:
        self._known = known

    async def GetMovie(self, request: GetMovieRequest, context: Any) -> GetMovieResponse:
        await self._known.arrive(request, context)
        movie_id = request.name.removeprefix("movies/")
        if movie_id == MISSING:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such movie")
        return GetMovieResponse(movie=movie(movie_id, deleted=movie_id in self._known.deleted))

    async def BatchGetMovieCards(self, request: BatchGetMovieCardsRequest, context: Any) -> BatchGetMovieCardsResponse:
        await self._known.arrive(request, context)
        gone = {f"movies/{each}" for each in (MISSING, *self._known.deleted)}
        cards = [MovieCard(name=name, title=f"Film {name[7:]}", poster_uri=f"https://x/{name[7:]}") for name in request.names]
        return BatchGetMovieCardsResponse(
            cards=[card for card in cards if card.name not in gone],
            missing_names=[name for name in request.names if name in gone],
            unavailable_parts=self._known.parts,
        )


def movie(movie_id: str, *, title: str = "", deleted: bool = False, seconds: int = 1) -> Movie:
    """As the catalogue told about it that many seconds after 1970."""
    state = Movie.STATE_DELETED if deleted else Movie.STATE_ACTIVE
    time = Timestamp(seconds=seconds)
    return Movie(name=f"movies/{movie_id}", title=title or f"Title {movie_id}", release_year=2000, state=state, update_time=time)


@asynccontextmanager
async def serving_movies(known: KnownMovies) -> AsyncIterator[str]:
    """Its address."""
    server = grpc.aio.server()
    servicer: Any = _Movies  # only what lists ask for: to a type checker it is incomplete
    add_MovieServiceServicer_to_server(servicer(known), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)
