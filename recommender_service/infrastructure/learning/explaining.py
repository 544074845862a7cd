"""What a score is made of, in two ways of cutting it: by what the user did, and by what the movie is."""

from collections.abc import Sequence
from dataclasses import dataclass

from recommender_service.infrastructure.learning.arrays import Scores


@dataclass(frozen=True, slots=True)
class Explanation:
    """`popularity` and `history` add up to `score`; `features` are what of it goes back to the movie's features. Largest first."""

    score: float
    popularity: float
    history: tuple[tuple[str, float], ...]
    features: tuple[tuple[str, float], ...]


def largest_first(names: Sequence[str], parts: Scores) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(zip(names, parts.tolist(), strict=True), key=lambda pair: -pair[1]))
