"""Announces the summaries that imports and purges have changed."""

import asyncio
from collections.abc import Callable

import psycopg
import structlog

from mesh.errors import MeshError
from rating_service.application.rating_commands import announce_summaries
from rating_service.infrastructure.postgres.unit_of_work import RatingUnitOfWork

_log = structlog.get_logger(__name__)
_BATCH = 500  # what the relay publishes at once
_EVERY_SECONDS = 1.0
# A stream that still runs sends its next batch sooner than that, so a summary waits for the end of the stream or the break in it …
_QUIET_SECONDS = 3.0
# … but not longer than that: a very long import shows while it runs.
_LONGEST_SECONDS = 30.0


class SummaryAnnouncer:
    """Any number may run: rows that another one holds are skipped."""

    def __init__(self, unit_of_work: Callable[[], RatingUnitOfWork]) -> None:
        self._unit_of_work = unit_of_work

    async def announce_all(self) -> None:
        """Everything that waits, now."""
        await self._announce(0.0, 0.0)

    async def run(self, stop: asyncio.Event) -> None:
        """What an import left behind that was cut off; until `stop`."""
        while not stop.is_set():
            try:
                await self._announce(_QUIET_SECONDS, _LONGEST_SECONDS)
            except (MeshError, psycopg.Error) as error:
                _log.warning("announcing_interrupted", error=type(error).__name__)
            try:
                await asyncio.wait_for(stop.wait(), _EVERY_SECONDS)
            except TimeoutError:
                continue

    async def _announce(self, quiet: float, longest: float) -> None:
        announced = _BATCH
        while announced == _BATCH:
            async with self._unit_of_work() as uow:
                announced = await announce_summaries(uow, _BATCH, quiet_seconds=quiet, longest_seconds=longest)
                await uow.commit()
