"""What ratings amount to."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating_service.domain.ratings import (
    PRIOR_MEAN,
    PRIOR_WEIGHT,
    ImportedRating,
    RatingSummary,
    ScoreChange,
    TasteSimilarity,
    latest_of_each,
)
from rating_service.infrastructure.postgres.summaries import differences_of
from tests.unit.rating import things


def summary(**counts: int) -> RatingSummary:
    """`h7=2`: two ratings of 3.5."""
    return RatingSummary("tt1", tuple(counts.get(f"h{half}", 0) for half in range(1, 11)))


def test_an_empty_summary_has_no_mean_and_the_prior_as_its_bayesian_mean() -> None:
    assert (summary().count, summary().mean, summary().bayesian_mean) == (0, 0.0, PRIOR_MEAN)


def test_as_many_ratings_as_the_prior_weighs_pull_the_bayesian_mean_half_way() -> None:
    full = summary(h10=PRIOR_WEIGHT)
    assert (full.mean, full.bayesian_mean) == (5.0, (5.0 + PRIOR_MEAN) / 2)


def test_one_top_rating_stands_below_many_good_ones() -> None:
    assert summary(h10=1).mean > summary(h9=500).mean
    assert summary(h10=1).bayesian_mean < summary(h9=500).bayesian_mean


@given(things.summaries)
def test_the_bayesian_mean_lies_between_the_prior_and_the_mean(any_summary: RatingSummary) -> None:
    if any_summary.count:
        low, high = sorted((any_summary.mean, PRIOR_MEAN))
        assert low - 1e-9 <= any_summary.bayesian_mean <= high + 1e-9


@given(st.integers(0, 10_000))
def test_confidence_grows_with_the_support_and_stays_below_one(support: int) -> None:
    less, more = TasteSimilarity(1.0, support).confidence, TasteSimilarity(1.0, support + 1).confidence
    assert 0 <= less < more < 1


DAY1, DAY2 = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("times", "kept"),
    [([DAY1, DAY2], 1), ([DAY2, DAY1], 0), ([DAY1, DAY1], 1), ([None, DAY2], 0), ([DAY2, None], 1), ([None, None], 1)],
)
def test_of_two_ratings_of_one_movie_by_one_user_the_younger_or_the_later_one_is_kept(times: list[datetime | None], kept: int) -> None:
    pair = [ImportedRating("m", "u", number, time) for number, time in enumerate(times, start=1)]
    assert latest_of_each(pair) == [pair[kept]]


@given(st.lists(st.builds(ScoreChange, st.sampled_from("ab"), st.none() | things.half_stars, st.none() | things.half_stars)))
def test_differences_add_up_to_what_the_changes_did(changes: list[ScoreChange]) -> None:
    differences = differences_of(changes)
    for movie in "ab":
        mine = [change for change in changes if change.movie == movie]
        counted = sum((change.after is not None) - (change.before is not None) for change in mine)
        weighed = sum((change.after or 0) - (change.before or 0) for change in mine)
        counts = differences.get(movie, [0] * 10)
        assert sum(counts) == counted
        assert sum(half * count for half, count in enumerate(counts, start=1)) == weighed
