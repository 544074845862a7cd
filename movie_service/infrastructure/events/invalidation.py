"""Keeps the answers of this process true: events of every context, and what to do without them."""

import asyncio

from mesh.events.broadcast import Broadcast
from mesh.events.bus import Bus
from mesh.events.leading import pause
from movie_service.domain.movie import movie_id_of, movie_name
from movie_service.infrastructure.grpc.answers import Answers
from reelmesh.metadata.v1.events_pb2 import MovieMetadataChanged
from reelmesh.movie.v1.events_pb2 import MovieCreated, MovieDeleted, MovieUndeleted, MovieUpdated
from reelmesh.rating.v1.events_pb2 import RatingSummaryChanged
from reelmesh.recommender.v1.events_pb2 import ModelActivated

# How old an answer may be while no events arrive. An answer is promised to be at most a second old.
_DEAF_SECONDS = 0.5

_MovieEvent = MovieCreated | MovieUpdated | MovieDeleted | MovieUndeleted


class Invalidation:
    """Background work: `run` until stopped."""

    def __init__(self, bus: Bus, answers: Answers) -> None:
        self._answers = answers
        self._broadcast = Broadcast(
            bus,
            {
                MovieCreated: lambda event, meta: self._movie_changed(event),
                MovieUpdated: lambda event, meta: self._movie_changed(event),
                MovieDeleted: lambda event, meta: self._movie_changed(event),
                MovieUndeleted: lambda event, meta: self._movie_changed(event),
                RatingSummaryChanged: lambda event, meta: self._told(event.summary.name),
                MovieMetadataChanged: lambda event, meta: self._told(event.metadata.name),
                ModelActivated: lambda event, meta: answers.recommendations_changed(),
            },
            answers.clear,
            name="movie answers",
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; while no events reach us, answers are kept for half a second only."""
        await asyncio.gather(self._broadcast.run(stop), self._age_while_deaf(stop))

    async def _age_while_deaf(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await pause(stop, _DEAF_SECONDS)
            if not self._broadcast.listening:
                self._answers.clear()

    def _movie_changed(self, event: _MovieEvent) -> None:
        self._answers.movie_changed(event.movie.name)

    def _told(self, name: str) -> None:
        self._answers.told_about_changed(movie_name(movie_id_of(name)))
