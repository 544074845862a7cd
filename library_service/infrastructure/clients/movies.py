"""The movie context, as far as lists ask for it: is there such a movie, and what do lists show of many."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import grpc
import structlog

from library_service.domain.errors import MovieNotFound
from library_service.domain.movies import CatalogueMovie
from library_service.infrastructure.grpc.names import movie_name
from library_service.infrastructure.movie_messages import catalogue_movie
from mesh.call import Call
from mesh.errors import MeshError, NotFound
from reelmesh.library.v1 import library_pb2
from reelmesh.movie.v1.movie_pb2 import MovieCard
from reelmesh.movie.v1.movie_service_pb2 import BatchGetMovieCardsRequest, BatchGetMovieCardsResponse, GetMovieRequest
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceStub

# What is left of the caller's time to put the page together and send it, and the most that a page waits for its cards.
_MARGIN_SECONDS = 0.05
_BUDGET_SECONDS = 1.0
_PARTS = {
    BatchGetMovieCardsResponse.PART_RATINGS: library_pb2.CARD_PART_RATINGS,
    BatchGetMovieCardsResponse.PART_METADATA: library_pb2.CARD_PART_METADATA,
}

log = structlog.get_logger("library.cards")


@dataclass(frozen=True, slots=True)
class Cards:
    """By id. `missing` are movies of which the catalogue says that they are not there; None when it could not be asked."""

    by_movie: Mapping[str, MovieCard]
    missing: Collection[str] | None
    unavailable: Sequence["library_pb2.CardPart.ValueType"]


_AWAY = Cards({}, None, (library_pb2.CARD_PART_MOVIES,))


class RemoteMovies:
    """The port Catalogue, and the cards of a page in one call. The channel passes on the languages of the current call."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = MovieServiceStub(channel)

    async def require(self, movie: str) -> CatalogueMovie:
        try:
            found = catalogue_movie((await self._stub.GetMovie(GetMovieRequest(name=movie_name(movie)))).movie)
        except NotFound as error:
            raise MovieNotFound(movie) from error
        if found.deleted:
            raise MovieNotFound(movie)
        return found

    async def cards(self, movies: Sequence[str], call: Call) -> Cards:
        """Of a page; without the movie context there are none, and that is said."""
        if not movies:
            return Cards({}, (), ())
        request = BatchGetMovieCardsRequest(names=map(movie_name, movies))
        try:
            async with asyncio.timeout(min(call.deadline.remaining() - _MARGIN_SECONDS, _BUDGET_SECONDS)):
                response = await self._stub.BatchGetMovieCards(request)
        except (MeshError, TimeoutError) as error:
            log.info("cards_unavailable", error=type(error).__name__)
            return _AWAY
        return Cards(
            {card.name.removeprefix("movies/"): card for card in response.cards},
            {name.removeprefix("movies/") for name in response.missing_names},
            [_PARTS[part] for part in response.unavailable_parts if part in _PARTS],
        )
