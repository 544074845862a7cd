"""What other contexts tell, written into the database as their events are, and waiting until an answer shows it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from mesh.postgres.database import Database
from recommender_service.infrastructure.events.projection import project
from reelmesh.metadata.v1.events_pb2 import MovieMetadataChanged
from reelmesh.metadata.v1.metadata_pb2 import MovieMetadata
from reelmesh.movie.v1.events_pb2 import MovieCreated, MovieDeleted, MovieUndeleted
from reelmesh.movie.v1.movie_pb2 import Movie
from reelmesh.rating.v1.events_pb2 import MovieRated, MovieUnrated, RatingsImported, RatingsPurged
from reelmesh.rating.v1.rating_pb2 import Rating

T = TypeVar("T")
# Long after the ratings that tests import, and before now.
NOW = 1_700_000_000


class Telling:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._clock = NOW

    async def events(self, *events: Message) -> None:
        async with self._database.transaction() as transaction:
            await project(transaction, events)

    async def movies(self, *movies: Movie) -> None:
        await self.events(*(MovieCreated(movie=movie) for movie in movies))

    async def deleted(self, movie: Movie) -> None:
        gone = Movie()
        gone.CopyFrom(movie)
        gone.state = Movie.STATE_DELETED
        await self.events(MovieDeleted(movie=gone))

    async def undeleted(self, movie: Movie) -> None:
        await self.events(MovieUndeleted(movie=movie))

    async def metadata(self, movie: str, **told: object) -> None:
        await self.events(MovieMetadataChanged(metadata=MovieMetadata(name=f"movies/{movie}/metadata", **told)))  # type: ignore[arg-type]

    async def rated(self, user: str, **scores: float) -> None:
        await self.events(*(MovieRated(rating=self.rating(user, movie, score)) for movie, score in scores.items()))

    async def unrated(self, user: str, movie: str) -> None:
        await self.events(MovieUnrated(rating=self.rating(user, movie, 0.5)))

    async def imported(self, source: str, ratings: list[Rating]) -> None:
        for start in range(0, len(ratings), 500):
            await self.events(RatingsImported(ratings=ratings[start : start + 500]))

    async def purged(self, source: str) -> None:
        await self.events(RatingsPurged(source=source))

    def rating(self, user: str, movie: str, score: float, source: str = "") -> Rating:
        self._clock += 1
        return Rating(
            name=f"movies/{movie}/ratings/{user}",
            movie=f"movies/{movie}",
            user=f"users/{user}",
            score=score,
            update_time=Timestamp(seconds=self._clock),
            source=source,
        )


def film(movie: str, *genres: str, year: int = 2000, language: str = "en") -> Movie:
    return Movie(
        name=f"movies/{movie}", title=movie, genres=genres, release_year=year, original_language=language, state=Movie.STATE_ACTIVE
    )


async def soon(ask: Callable[[], Awaitable[T]], accept: Callable[[T], object], seconds: float = 5.0) -> T:
    """The first answer that is accepted."""
    limit = time.monotonic() + seconds
    while not accept(answer := await ask()):
        assert time.monotonic() < limit, answer
        await asyncio.sleep(0.01)
    return answer
