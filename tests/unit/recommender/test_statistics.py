"""Intervals against published values, and against what chance does when it is made to."""

from random import Random
from statistics import fmean

import pytest

from recommender_service.domain.statistics import (
    ArmTotals,
    Estimate,
    mean,
    proportion,
    proportion_difference,
    rate,
    rate_difference,
    sample_ratio_p,
)

User = tuple[int, int]  # movies shown, outcomes


def ends(found: Estimate) -> tuple[float, float]:
    return round(found.lower, 4), round(found.upper, 4)


def totals(users: list[User]) -> ArmTotals:
    return ArmTotals(
        users=len(users),
        responding=sum(outcomes > 0 for _, outcomes in users),
        lists=len(users),
        shown=sum(shown for shown, _ in users),
        outcomes=sum(outcomes for _, outcomes in users),
        shown_squared=sum(shown**2 for shown, _ in users),
        outcomes_squared=sum(outcomes**2 for _, outcomes in users),
        shown_by_outcomes=sum(shown * outcomes for shown, outcomes in users),
    )


def people(chance: Random, count: int, liking: float = 0.1) -> list[User]:
    """Some see ten times as many movies as others, and each has a liking of their own: outcomes of one user go together."""
    found = []
    for _ in range(count):
        shown, own = chance.choice((10, 20, 100)), chance.betavariate(1, 1 / liking - 1)
        found.append((shown, sum(chance.random() < own for _ in range(shown))))
    return found


# Newcombe, "Two-Sided Confidence Intervals for the Single Proportion" (1998), table I, method 3.
@pytest.mark.parametrize(
    ("successes", "count", "expected"),
    [(81, 263, (0.2553, 0.3662)), (15, 148, (0.0624, 0.1605)), (0, 20, (0.0, 0.1611)), (1, 29, (0.0061, 0.1718))],
)
def test_the_interval_of_a_share_is_that_of_wilson(successes: int, count: int, expected: tuple[float, float]) -> None:
    assert ends(proportion(successes, count)) == expected


def test_of_nobody_nothing_is_known() -> None:
    assert proportion(0, 0) == Estimate(0, 0, 1)
    assert ends(proportion_difference(proportion(0, 0), proportion(0, 0))) == (-1.0, 1.0)
    assert (rate(ArmTotals()), mean(0, 0, 0), sample_ratio_p(0, 0, 0.5)) == (Estimate(0, 0, 1), Estimate(0, 0, 1), 1.0)


def test_one_user_tells_nothing_about_users() -> None:
    one = totals([(5, 1)])
    assert rate(one) == Estimate(0.2, 0, 1)
    assert ends(rate_difference(one, totals([(5, 0), (5, 1), (5, 2)]))) == (-1.0, 1.0)
    assert mean(0.4, 0.16, 1) == Estimate(0.4, 0, 1)


def test_no_interval_reaches_beyond_what_is_possible() -> None:
    assert rate(totals([(5, 0)] * 6 + [(5, 1)])).lower == 0
    assert mean(1.5, 1.25, 2).upper == 1


# Newcombe, "Interval Estimation for the Difference Between Independent Proportions" (1998), table II, method 10.
@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [((56, 70), (48, 80), (0.0524, 0.3339)), ((9, 10), (3, 10), (0.1705, 0.8090)), ((5, 56), (0, 29), (-0.0381, 0.1926))],
)
def test_the_interval_of_a_difference_of_shares_is_that_of_newcombe(
    one: tuple[int, int], other: tuple[int, int], expected: tuple[float, float]
) -> None:
    assert ends(proportion_difference(proportion(*one), proportion(*other))) == expected


def test_the_interval_of_a_rate_is_as_wide_as_the_one_that_users_drawn_again_and_again_make() -> None:
    """The bootstrap over users as the other way to the same; taking movies for independent would make it half as wide."""
    chance = Random(7)
    users = people(chance, 400)
    drawn = sorted(rate(totals(chance.choices(users, k=len(users)))).value for _ in range(600))
    found = rate(totals(users))
    assert found.upper - found.lower == pytest.approx(drawn[584] - drawn[15], rel=0.15)
    arm = totals(users)
    naive = 2 * 1.96 * (found.value * (1 - found.value) / arm.shown) ** 0.5
    assert found.upper - found.lower > 1.8 * naive


def test_between_two_halves_that_are_alike_the_interval_holds_nothing_nineteen_times_of_twenty() -> None:
    chance = Random(11)
    held = [
        found.lower <= 0 <= found.upper
        for found in (rate_difference(totals(people(chance, 60)), totals(people(chance, 60))) for _ in range(300))
    ]
    assert fmean(held) == pytest.approx(0.95, abs=0.035)


def test_a_better_arm_is_seen_to_be_better() -> None:
    chance = Random(3)
    found = rate_difference(totals(people(chance, 800, 0.15)), totals(people(chance, 800, 0.1)))
    assert found.lower > 0


def test_the_mean_of_overlaps_has_a_normal_interval() -> None:
    numbers = [0.2, 0.4, 0.4, 0.6, 0.9]
    found = mean(sum(numbers), sum(each**2 for each in numbers), len(numbers))
    assert (found.value, found.upper - found.value) == pytest.approx((0.5, 1.96 * 0.264575 / 5**0.5), rel=1e-4)


@pytest.mark.parametrize(
    ("candidate", "control", "share", "p_value"),
    [(520, 480, 0.5, 0.2059), (531, 469, 0.5, 0.0499), (100, 900, 0.1, 1.0), (5_300, 4_700, 0.5, 0.0)],
)
def test_numbers_of_users_that_are_no_chance_are_told(candidate: int, control: int, share: float, p_value: float) -> None:
    assert sample_ratio_p(candidate, control, share) == pytest.approx(p_value, abs=1e-4)
