"""One user's score of one movie, what all of them amount to, and how far two users agree.

Scores are counted in half stars, whole numbers from 1 to 10, so that sums are exact.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

HALF_STARS: Final = range(1, 11)

# The Bayesian mean takes PRIOR_WEIGHT ratings of PRIOR_MEAN stars for granted: (C·m + Σ scores) / (C + n), the posterior mean of a
# Dirichlet prior over the scores, known from IMDb's "weighted rating" of its top list (https://help.imdb.com, "How do you calculate
# the rank of movies"). m is about the mean of all MovieLens ratings (3.50 in ml-latest-small, 3.53 in ml-25m). C = 10: with ten
# ratings of its own a movie counts half. Both are constants because an index orders by the result: changing them is a migration.
PRIOR_MEAN: Final = 3.5
PRIOR_WEIGHT: Final = 10

# Ratings in common at which a similarity is trusted by half: n / (n + SHRINKAGE), the form of Y. Koren, "Factorization meets the
# neighborhood" (KDD 2008, §2.2). He takes 100 for items with thousands of raters; two users share some dozens of movies.
SHRINKAGE: Final = 25


@dataclass(frozen=True, slots=True)
class Rating:
    """`movie` and `user` are ids; `source` is empty for a rating that the user gave here."""

    movie: str
    user: str
    half_stars: int
    create_time: datetime
    update_time: datetime
    source: str = ""

    @property
    def score(self) -> float:
        return self.half_stars / 2


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """What one rating's change does to its movie: None stands for no rating before, or none after."""

    movie: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class RatingSummary:
    """`histogram[i]` counts the ratings of i + 1 half stars; everything else follows from it."""

    movie: str
    histogram: tuple[int, ...] = field(default=(0,) * len(HALF_STARS))
    update_time: datetime | None = None

    @property
    def count(self) -> int:
        return sum(self.histogram)

    @property
    def half_stars(self) -> int:
        """The sum of all scores, in half stars."""
        return sum(half * count for half, count in zip(HALF_STARS, self.histogram, strict=True))

    @property
    def mean(self) -> float:
        return self.half_stars / (2 * self.count) if self.count else 0.0

    @property
    def bayesian_mean(self) -> float:
        """(C·m + Σ scores) / (C + n), see PRIOR_WEIGHT; the prior alone without ratings. The database computes the same to the last bit."""
        return (2 * PRIOR_WEIGHT * PRIOR_MEAN + self.half_stars) / (2 * (PRIOR_WEIGHT + self.count))


@dataclass(frozen=True, slots=True)
class TasteSimilarity:
    """`score` is Pearson's correlation over the movies that both rated, 0 when one of the two gave them all the same score."""

    score: float
    support: int

    @property
    def confidence(self) -> float:
        """How far to trust the score, from 0 towards 1; `score * confidence` is the shrunk similarity."""
        return self.support / (self.support + SHRINKAGE)


@dataclass(frozen=True, slots=True)
class ImportedRating:
    """A rating from elsewhere; without a `rate_time` it was given when it is stored."""

    movie: str
    user: str
    half_stars: int
    rate_time: datetime | None


def latest_of_each(ratings: list[ImportedRating]) -> list[ImportedRating]:
    """One for each movie and user: the youngest; of equally old ones the last, as if stored one after the other."""
    kept: dict[tuple[str, str], ImportedRating] = {}
    for rating in ratings:
        rival = kept.get((rating.movie, rating.user))
        if rival is None or not _is_younger(rival, rating):
            kept[rating.movie, rating.user] = rating
    return list(kept.values())


def _is_younger(one: ImportedRating, other: ImportedRating) -> bool:
    if one.rate_time is None or other.rate_time is None:
        return one.rate_time is None and other.rate_time is not None
    return one.rate_time > other.rate_time
