"""Keeps a replica's state as the database is: rebuilt before the first call, then a fraction of a second behind."""

import asyncio

import structlog

from mesh.events.leading import OUTAGES, going_on, pause
from mesh.postgres.database import Database
from mesh.postgres.transaction import Connection
from recommender_service.infrastructure import metrics
from recommender_service.infrastructure.postgres.following import BATCH, ChangesReader, Positions, begin_snapshot
from recommender_service.infrastructure.postgres.interactions import CHANGES_CHANNEL
from recommender_service.infrastructure.serving.state import State

_log = structlog.get_logger(__name__)
# Notifications tell at once; the poll covers one that was lost with its connection.
_POLL_SECONDS = 0.5


class Follower:
    """`prepare` once, then `run` beside the calls."""

    def __init__(self, database: Database, changes: ChangesReader, state: State) -> None:
        self._database, self._changes, self._state = database, changes, state
        self._at = Positions(0, 0, None, None, 0)

    async def prepare(self) -> None:
        async with self._database.dedicated_connection() as connection:
            snapshot = await begin_snapshot(connection)
            await self._state.rebuild(snapshot)
            self._at = snapshot.positions

    async def run(self, stop: asyncio.Event) -> None:
        while going_on(stop):
            try:
                async with self._database.dedicated_connection() as connection:
                    await connection.execute(f"LISTEN {CHANGES_CHANNEL}".encode())
                    while going_on(stop):
                        await self.catch_up()
                        await _told(connection)
            except OUTAGES as error:
                _log.warning("following_interrupted", error=type(error).__name__, detail=str(error))
                await pause(stop, 0.2)
            except Exception:
                _log.exception("following_failed")
                await pause(stop, 1.0)

    async def catch_up(self) -> None:
        """Until there is nothing new; then there is time for movies that are new to the model."""
        while (there := await self._changes.positions()) != self._at:
            metrics.behind.set(there.interaction - self._at.interaction)
            # Read in this order, applied in the other: the movie of an interaction was there before it.
            interactions = await self._changes.interactions(self._at.interaction) if there.interaction > self._at.interaction else ()
            movies = await self._changes.movies(self._at.movie_change) if there.movie_change > self._at.movie_change else ()
            if movies:
                await self._state.movies_changed(movies)
            if len(movies) == BATCH:  # perhaps not all that these interactions need
                self._at = self._at._replace(movie_change=movies[-1].change)
                continue
            if interactions:
                self._state.interactions_came(interactions)
            if there.erasure > self._at.erasure:
                self._state.forget(await self._changes.erased(self._at.erasure))
            await self._state.follow_models(there.model_id, there.experiment_id)
            # What is not there any more was erased: there is nothing to come before the position that was read.
            last = interactions[-1].id if interactions else 0
            self._at = Positions(
                last if len(interactions) == BATCH else max(last, there.interaction),
                movies[-1].change if movies else self._at.movie_change,
                there.model_id,
                there.experiment_id,
                there.erasure,
            )
        metrics.behind.set(0)
        await self._state.move_newcomers()


async def _told(connection: Connection) -> None:
    async for _ in connection.notifies(timeout=_POLL_SECONDS, stop_after=1):
        pass
