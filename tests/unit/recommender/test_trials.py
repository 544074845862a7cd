"""What is recorded beside the answers: bounded, and never in their way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from mesh.errors import Unavailable
from recommender_service.application.ports import Ranked
from recommender_service.application.recommending import Recommending, Wish
from recommender_service.domain.experiments import Exposure
from recommender_service.domain.interactions import given_taste
from recommender_service.domain.statistics import ComparisonTotals
from recommender_service.infrastructure.trials.log import TrialLog
from recommender_service.infrastructure.trials.shadow import Shadow, Waiting
from tests.unit.recommender.fakes import FakeCatalogue, FakeModel, FakePopularity

CATALOGUE = FakeCatalogue.of(a="drama", b="drama", c="drama", d="war", e="war", f="war")
RECOMMENDING = Recommending(FakePopularity(CATALOGUE, {"": "a b c d e f"}), CATALOGUE)
ACTIVE = FakeModel("abcdef")


@dataclass
class FakeExposures:
    """The stored exposures; `away` makes it unreachable."""

    rows: list[Exposure] = field(default_factory=list)
    totals: dict[str, ComparisonTotals] = field(default_factory=dict)
    away: bool = False

    async def append(self, exposures: Sequence[Exposure]) -> None:
        self._reach()
        self.rows += exposures

    async def compared(self, experiment_id: str, more: ComparisonTotals) -> None:
        self._reach()
        self.totals[experiment_id] = self.totals.get(experiment_id, ComparisonTotals()) + more

    def _reach(self) -> None:
        if self.away:
            raise Unavailable("DATABASE_AWAY", "The database is away.")


class Broken(FakeModel):
    def rank(self, *args: object) -> Sequence[Ranked]:
        raise RuntimeError("no numbers")


@pytest.fixture
def stored() -> FakeExposures:
    return FakeExposures()


@pytest.fixture
def log(stored: FakeExposures) -> TrialLog:
    return TrialLog(stored, most=3)


def exposure(number: int) -> Exposure:
    return Exposure("x", f"user{number}", True, (1, 2), datetime(2026, 1, 1, tzinfo=UTC))


def waiting(candidate: FakeModel) -> Waiting:
    return Waiting("x", Wish(count=4), given_taste(["a"], []), ACTIVE, candidate)


async def until(seen: Awaitable[object]) -> None:
    async with asyncio.timeout(5):
        await seen


@asynccontextmanager
async def run(shadow: Shadow) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(shadow.run(stop))
    yield
    stop.set()
    await until(task)


async def compared(log: TrialLog, stored: FakeExposures, lists: int) -> ComparisonTotals:
    async def found() -> None:
        while True:
            await log.write()
            totals = stored.totals.get("x", ComparisonTotals())
            if totals.lists + totals.failed + totals.skipped >= lists:
                return
            await asyncio.sleep(0.001)

    await until(found())
    return stored.totals["x"]


async def test_what_was_shown_waits_while_the_database_is_away_and_is_dropped_beyond_the_bound(
    log: TrialLog, stored: FakeExposures
) -> None:
    stored.away = True
    for number in range(5):
        log.exposed(exposure(number))
    with pytest.raises(Unavailable):
        await log.write()
    stored.away = False
    await log.write()
    await log.write()
    assert [each.user for each in stored.rows] == ["user0", "user1", "user2"]


async def test_comparisons_wait_too_and_are_counted_once(log: TrialLog, stored: FakeExposures) -> None:
    stored.away = True
    log.compared("x", ComparisonTotals(lists=1, overlap=0.5))
    with pytest.raises(Unavailable):
        await log.write()
    log.compared("x", ComparisonTotals(lists=2, overlap=1.0))
    stored.away = False
    await log.write()
    await log.write()
    assert stored.totals == {"x": ComparisonTotals(lists=3, overlap=1.5)}


async def test_a_shadow_compares_the_same_list_of_both_models(log: TrialLog, stored: FakeExposures) -> None:
    shadow = Shadow(RECOMMENDING, log)
    async with run(shadow):
        shadow.offer(waiting(FakeModel("afedcb", model_id="m2")))  # f e d c beside b c d e
        found = await compared(log, stored, 1)
        shadow.offer(waiting(FakeModel("abcdef", model_id="m3")))
        both = await compared(log, stored, 2)
    assert (found.lists, found.overlap, found.same_first) == (1, 0.75, 0)
    assert (both.lists, both.overlap, both.overlap_squared, both.same_first) == (2, 1.75, 1.5625, 1)
    assert both.active_seconds > 0 < both.candidate_seconds


async def test_nothing_is_compared_before_the_answer_has_gone_and_a_full_queue_skips(log: TrialLog, stored: FakeExposures) -> None:
    shadow, candidate = Shadow(RECOMMENDING, log, most=2), FakeModel("abcdef", model_id="m2")
    async with run(shadow):
        for _ in range(5):
            shadow.offer(waiting(candidate))  # returns at once: nobody has been asked yet
        await log.write()
        assert stored.totals == {"x": ComparisonTotals(skipped=3)}
        assert (await compared(log, stored, 5)).lists == 2


async def test_a_candidate_that_fails_is_counted_and_the_next_list_is_compared(log: TrialLog, stored: FakeExposures) -> None:
    shadow = Shadow(RECOMMENDING, log, spent=lambda: 0.0)  # writing the failure down takes long, and would be paused for
    async with run(shadow):
        shadow.offer(waiting(Broken("abc", model_id="m2")))
        shadow.offer(waiting(FakeModel("abcdef", model_id="m2")))
        found = await compared(log, stored, 2)
    assert (found.failed, found.lists) == (1, 1)
