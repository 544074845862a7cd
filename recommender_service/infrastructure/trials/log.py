"""What users were shown and how shadows compared, kept in this process for a second and then written down together."""

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Protocol

import structlog

from mesh.events.leading import OUTAGES, going_on, pause
from recommender_service.domain.experiments import Exposure
from recommender_service.domain.statistics import ComparisonTotals
from recommender_service.infrastructure import metrics

_log = structlog.get_logger(__name__)
_EVERY_SECONDS = 1.0
_BATCH = 1_000


class Stored(Protocol):
    """Where it is written."""

    async def append(self, exposures: Sequence[Exposure]) -> None: ...

    async def compared(self, experiment_id: str, more: ComparisonTotals) -> None: ...


class TrialLog:
    """Background work. What does not fit into `most`, because the database is away for long, is dropped and counted."""

    def __init__(self, stored: Stored, most: int = 20_000) -> None:
        self._stored, self._most = stored, most
        self._exposures: deque[Exposure] = deque()
        self._comparisons: dict[str, ComparisonTotals] = {}

    def exposed(self, exposure: Exposure) -> None:
        if len(self._exposures) < self._most:
            self._exposures.append(exposure)
        else:
            metrics.exposures_dropped.inc()

    def compared(self, experiment_id: str, comparison: ComparisonTotals) -> None:
        self._comparisons[experiment_id] = self._comparisons.get(experiment_id, ComparisonTotals()) + comparison

    async def run(self, stop: asyncio.Event) -> None:
        while going_on(stop):
            await pause(stop, _EVERY_SECONDS)
            try:
                await self.write()
            except OUTAGES as error:
                _log.warning("exposures_wait", error=type(error).__name__, waiting=len(self._exposures))
            except Exception:
                _log.exception("exposures_lost", count=len(self._exposures))
                self._exposures.clear()

    async def write(self) -> None:
        """All that waits. What was written is forgotten afterwards: an exposure that is written twice is stored once."""
        while batch := list(islice(self._exposures, _BATCH)):
            await self._stored.append(batch)
            for _ in batch:
                self._exposures.popleft()
        while self._comparisons:
            experiment_id, comparison = self._comparisons.popitem()
            try:
                await self._stored.compared(experiment_id, comparison)
            except BaseException:
                self.compared(experiment_id, comparison)
                raise
