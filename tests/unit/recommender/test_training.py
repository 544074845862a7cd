"""When a training is due by itself, and what is seen of the lists."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mesh.environment import WrongSettings
from recommender_service.application.recommending import RecommendedList
from recommender_service.domain.recommendation import Level, Reason, Recommendation
from recommender_service.infrastructure.observed import Observed, ScoreDrift
from recommender_service.infrastructure.settings import RecommenderSettings
from recommender_service.infrastructure.training.schedule import Schedule

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def due(schedule: Schedule, clock: Clock, interactions: int, last: datetime | None, *, now: datetime = NOW) -> bool:
    """Asked now, and again when it has been quiet for long enough; what is due is begun."""
    early = schedule.is_due(interactions, last, now)
    clock.now += 10
    found = early or schedule.is_due(interactions, last, now)
    if found:
        schedule.begun(interactions)
    return found


def test_the_first_training_waits_for_enough_interactions_and_for_a_pause_in_them(clock: Clock) -> None:
    schedule = Schedule(3600, clock)
    assert not due(schedule, clock, 499, None)
    assert not schedule.is_due(500, None, NOW)
    clock.now += 2.9
    assert not schedule.is_due(500, None, NOW)
    clock.now += 0.2
    assert schedule.is_due(500, None, NOW)
    schedule.begun(500)
    assert not due(schedule, clock, 500, NOW)


def test_the_next_one_comes_after_the_interval_if_there_is_anything_new(clock: Clock) -> None:
    schedule = Schedule(3600, clock)
    assert due(schedule, clock, 1_000, None)
    assert not due(schedule, clock, 1_001, NOW, now=NOW + timedelta(minutes=59))
    assert due(schedule, clock, 1_001, NOW, now=NOW + timedelta(minutes=60))
    assert not due(schedule, clock, 1_001, NOW, now=NOW + timedelta(days=9))


def test_an_import_that_doubles_the_interactions_does_not_wait_for_the_interval(clock: Clock) -> None:
    schedule = Schedule(3600, clock)
    assert due(schedule, clock, 1_000, None)
    assert not due(schedule, clock, 1_999, NOW)
    assert due(schedule, clock, 2_000, NOW)


def test_a_training_that_somebody_asked_for_counts_as_one(clock: Clock) -> None:
    schedule = Schedule(3600, clock)
    assert not due(schedule, clock, 400, None)
    schedule.begun(1_000)
    assert not due(schedule, clock, 1_000, NOW, now=NOW + timedelta(minutes=61))
    assert due(schedule, clock, 2_000, NOW)


def test_after_a_restart_what_is_there_counts_as_learnt(clock: Clock) -> None:
    schedule = Schedule(3600, clock)
    assert not due(schedule, clock, 1_000, NOW, now=NOW + timedelta(minutes=1))
    assert due(schedule, clock, 2_000, NOW, now=NOW + timedelta(minutes=2))


def test_without_an_interval_nothing_is_ever_due(clock: Clock) -> None:
    assert not due(Schedule(0, clock), clock, 1_000_000, None)


def test_coverage_is_the_share_of_movies_that_was_in_a_list_during_a_day(clock: Clock) -> None:
    observed = Observed(lambda: 4, clock)
    items = [Recommendation(movie, 1.0, Reason.POPULAR) for movie in "ab"]
    observed.listed(RecommendedList(items, Level.POPULAR, ""))
    assert observed.coverage() == 0.5
    clock.now += 86_000
    observed.listed(RecommendedList(items[:1], Level.POPULAR, ""))
    clock.now += 1_000
    assert observed.coverage() == 0.25


def test_scores_that_stay_as_they_were_do_not_drift_and_others_do() -> None:
    drift = ScoreDrift()
    drift.add([each / 100 for each in range(1_000)])
    assert drift.index == 0
    drift.add([each / 100 for each in range(1_000)])
    assert drift.index == pytest.approx(0, abs=0.01)
    drift.add([each / 100 + 5 for each in range(4_000)])
    assert drift.index > 0.25


@pytest.mark.parametrize("told", ["", "x", "-1", "nan", "inf", "1e99"])
def test_a_setting_that_is_no_sensible_number_is_refused_by_its_name(told: str) -> None:
    with pytest.raises(WrongSettings, match="REELMESH_RECOMMENDER_TRAINING_INTERVAL"):
        RecommenderSettings.of({"REELMESH_RECOMMENDER_TRAINING_INTERVAL": told})


def test_a_backend_that_there_is_not_is_refused_by_its_name() -> None:
    with pytest.raises(WrongSettings, match=r"REELMESH_RECOMMENDER_TRAINING_BACKEND: 'dask' is none of embedded, spark"):
        RecommenderSettings.of({"REELMESH_RECOMMENDER_TRAINING_BACKEND": "dask"})
    told = {"REELMESH_RECOMMENDER_TRAINING_BACKEND": "spark", "REELMESH_RECOMMENDER_SPARK_MASTER": "spark://m:7077"}
    assert RecommenderSettings.of(told) == RecommenderSettings(training_backend="spark", spark_master="spark://m:7077")


def test_settings_are_read_by_their_names() -> None:
    told = {"REELMESH_RECOMMENDER_MODELS_DIR": "/m", "REELMESH_RECOMMENDER_GATE_TOLERANCE": "0.5", "REELMESH_LISTEN": "x"}
    assert RecommenderSettings.of(told) == RecommenderSettings(models_dir=Path("/m"), gate_tolerance=0.5)
    assert RecommenderSettings.of({}) == RecommenderSettings()
