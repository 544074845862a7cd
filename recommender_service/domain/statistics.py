"""What an experiment shows, with how sure that is: intervals of 95 %, and users as the unit, since users are what chance has divided.

Wilson: "Probable Inference" (1927). Newcombe: "Interval Estimation for the Difference Between Independent Proportions", method 10 (1998).
Delta method: Deng, Knoblich, Lu, "Applying the Delta Method in Metric Analytics" (2018). Sample ratio mismatch: Fabijan et al. (2019).
"""

import math
from dataclasses import astuple, dataclass
from statistics import NormalDist
from typing import Final

CONFIDENCE: Final = 0.95
# Below it, numbers of users as unlike the shares as these are no chance; so low because it is looked at again and again.
MISMATCH: Final = 0.001

_Z: Final = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the interval around it."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class ArmTotals:
    """Sums over the users of one arm: lists, movies shown and outcomes, and their squares and products."""

    users: int = 0
    responding: int = 0
    lists: int = 0
    shown: int = 0
    outcomes: int = 0
    shown_squared: int = 0
    outcomes_squared: int = 0
    shown_by_outcomes: int = 0


@dataclass(frozen=True, slots=True)
class ComparisonTotals:
    """Sums over the lists that were compared; times in seconds."""

    lists: int = 0
    skipped: int = 0
    failed: int = 0
    overlap: float = 0.0
    overlap_squared: float = 0.0
    same_first: int = 0
    active_seconds: float = 0.0
    candidate_seconds: float = 0.0

    def __add__(self, other: "ComparisonTotals") -> "ComparisonTotals":
        return ComparisonTotals(*map(sum, zip(astuple(self), astuple(other), strict=True)))


def proportion(successes: int, count: int) -> Estimate:
    """Wilson's interval: holds for few successes too, where the normal one would leave 0 to 1. Of nothing it is all that can be."""
    if count == 0:
        return Estimate(0.0, 0.0, 1.0)
    share = successes / count
    centre = (share + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    half = _Z / (1 + _Z**2 / count) * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    return Estimate(share, max(0.0, centre - half), min(1.0, centre + half))


def proportion_difference(one: Estimate, other: Estimate) -> Estimate:
    """`one` less `other`, Newcombe's interval from those of Wilson."""
    difference = one.value - other.value
    below = math.hypot(one.value - one.lower, other.upper - other.value)
    above = math.hypot(one.upper - one.value, other.value - other.lower)
    return Estimate(difference, difference - below, difference + above)


def rate(arm: ArmTotals) -> Estimate:
    """Outcomes for each movie shown. A user sees many movies and answers alike, so these are not independent: users are."""
    return _normal(*_rate_and_variance(arm), least=0.0)


def rate_difference(one: ArmTotals, other: ArmTotals) -> Estimate:
    """`one` less `other`."""
    (first, first_variance), (second, second_variance) = _rate_and_variance(one), _rate_and_variance(other)
    return _normal(first - second, first_variance + second_variance, least=-1.0)


def mean(total: float, squares: float, count: int) -> Estimate:
    """Of `count` numbers from 0 to 1, from their sum and the sum of their squares, with a normal interval."""
    average = total / max(1, count)
    variance = max(0.0, squares - count * average**2) / (count - 1) if count > 1 else math.inf
    return _normal(average, variance / max(1, count), least=0.0)


def sample_ratio_p(candidate: int, control: int, share: float) -> float:
    """How likely counts as far from their shares as these are by chance: chi-square with one degree of freedom."""
    users = candidate + control
    if users == 0:
        return 1.0
    expected = users * share
    deviation = (candidate - expected) ** 2 * (1 / expected + 1 / (users - expected))
    return math.erfc(math.sqrt(deviation / 2))


def _rate_and_variance(arm: ArmTotals) -> tuple[float, float]:
    """Of a ratio of means over users, by its first derivatives: Var(y − r·x) / (n·x̄²)."""
    ratio = arm.outcomes / max(1, arm.shown)
    if arm.users < 2 or not arm.shown:
        return ratio, math.inf  # one user says nothing about how users differ
    spread = arm.outcomes_squared - 2 * ratio * arm.shown_by_outcomes + ratio**2 * arm.shown_squared
    return ratio, spread / (arm.users - 1) * arm.users / arm.shown**2


def _normal(value: float, variance: float, least: float) -> Estimate:
    """Within what is possible: `least` to 1."""
    half = _Z * math.sqrt(variance)
    return Estimate(value, max(least, value - half), min(1.0, value + half))
