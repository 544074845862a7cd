"""What the movie context tells, kept so that lists are readable without it, and after a movie is deleted."""

from collections.abc import Sequence

from google.protobuf.message import Message

from library_service.domain.movies import CatalogueMovie
from library_service.infrastructure.movie_messages import catalogue_movie
from library_service.infrastructure.postgres.movies import PostgresMovies
from mesh.postgres.transaction import Transaction
from reelmesh.movie.v1.events_pb2 import MovieCreated, MovieDeleted, MovieUndeleted, MovieUpdated

EVENTS: Sequence[type[Message]] = (MovieCreated, MovieUpdated, MovieDeleted, MovieUndeleted)


async def project(transaction: Transaction, events: Sequence[Message]) -> None:
    """Of several events about a movie in a batch the youngest counts, whenever it came."""
    told: dict[str, CatalogueMovie] = {}
    for event in events:
        if isinstance(event, MovieCreated | MovieUpdated | MovieDeleted | MovieUndeleted):
            movie = catalogue_movie(event.movie)
            told[movie.movie] = max(movie, told.get(movie.movie, movie), key=lambda each: each.update_time)
    await PostgresMovies(transaction).remember(list(told.values()))
