"""Shadows: after an answer has gone, the candidate makes the same list, and the two are compared."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from mesh.events.leading import going_on, pause
from recommender_service.application.ports import RankingModel
from recommender_service.application.recommending import RecommendedList, Recommending, Wish
from recommender_service.domain.interactions import Taste
from recommender_service.domain.statistics import ComparisonTotals
from recommender_service.infrastructure import metrics
from recommender_service.infrastructure.trials.log import TrialLog

_log = structlog.get_logger(__name__)
_COMPARED = 10  # first movies of a list
# After each comparison so many times its processor time goes by: however many lists there are, shadows take a twentieth of the process.
_PATIENCE = 19


@dataclass(frozen=True, slots=True)
class Waiting:
    """A list that was made, and what it was made of."""

    experiment_id: str
    wish: Wish
    taste: Taste
    active: RankingModel
    candidate: RankingModel


class Shadow:
    """Background work in the loop that answers, one list at a time: models and popularity belong to its thread. What does not fit into
    `most` is skipped and counted; a candidate that fails is, too, and nobody notices who was answered. `spent` is the processor time of the
    thread."""

    def __init__(self, recommending: Recommending, log: TrialLog, most: int = 32, spent: Callable[[], float] = time.thread_time) -> None:
        self._recommending, self._log, self._most, self._spent = recommending, log, most, spent
        self._waiting: deque[Waiting] = deque()
        self._told = asyncio.Event()
        self._active_first = False

    def offer(self, waiting: Waiting) -> None:
        if len(self._waiting) < self._most:
            self._waiting.append(waiting)
            self._told.set()
        else:
            self._log.compared(waiting.experiment_id, ComparisonTotals(skipped=1))

    async def run(self, stop: asyncio.Event) -> None:
        while going_on(stop):
            if not self._waiting:
                self._told.clear()
                await self._more_or(stop)
                continue
            waiting, began = self._waiting.popleft(), self._spent()
            self._log.compared(waiting.experiment_id, await self._compare(waiting))
            await pause(stop, _PATIENCE * (self._spent() - began))

    async def _more_or(self, stop: asyncio.Event) -> None:
        waiters = [asyncio.ensure_future(self._told.wait()), asyncio.ensure_future(stop.wait())]
        await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
        for waiter in waiters:
            waiter.cancel()

    async def _compare(self, waiting: Waiting) -> ComparisonTotals:
        try:
            # In turn, since whoever is first finds nothing warm.
            self._active_first = not self._active_first
            models = {"active": waiting.active, "candidate": waiting.candidate}
            made = {}
            for arm in models if self._active_first else reversed(models):
                made[arm] = self._made(waiting, models[arm], arm)
                await asyncio.sleep(0)  # calls go between
            (active, active_seconds), (candidate, candidate_seconds) = made["active"], made["candidate"]
        except Exception:
            _log.exception("shadow_failed", experiment=waiting.experiment_id, candidate=waiting.candidate.model_id)
            return ComparisonTotals(failed=1)
        ours, theirs = ([item.movie for item in made.items[:_COMPARED]] for made in (active, candidate))
        overlap = len({*ours} & {*theirs}) / max(1, len(ours), len(theirs))
        metrics.shadow_overlap.observe(overlap)
        return ComparisonTotals(
            lists=1,
            overlap=overlap,
            overlap_squared=overlap**2,
            same_first=int(ours[:1] == theirs[:1]),
            active_seconds=active_seconds,
            candidate_seconds=candidate_seconds,
        )

    def _made(self, waiting: Waiting, model: RankingModel, arm: str) -> tuple[RecommendedList, float]:
        began = time.perf_counter()
        made = self._recommending.recommend(waiting.wish, waiting.taste, model)
        seconds = time.perf_counter() - began
        metrics.shadow_seconds.labels(arm).observe(seconds)
        return made, seconds
