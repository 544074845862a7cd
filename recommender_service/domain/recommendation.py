"""A list for somebody: which movies, why, and how much was known."""

from dataclasses import dataclass
from enum import IntEnum


class Reason(IntEnum):
    """Why a movie is in a list; the numbers are those of the contract."""

    BECAUSE_YOU_LIKED = 1
    NEW_FOR_YOUR_GENRES = 2
    IN_YOUR_GENRES = 3
    POPULAR_IN_REGION = 4
    POPULAR = 5


class Level(IntEnum):
    """How much was known of whom the list is for; the numbers are those of the contract."""

    POPULAR = 1
    GENRES = 2
    ONE_LIKE = 3
    HISTORY = 4


@dataclass(frozen=True, slots=True)
class Filters:
    """What movies must be to be recommended; empty and 0 do not restrict."""

    genres: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    year_from: int = 0
    year_to: int = 0


EVERYTHING = Filters()


@dataclass(frozen=True, slots=True)
class Movie:
    """What the recommender knows of a movie of the catalogue."""

    movie_id: str
    genres: tuple[str, ...] = ()
    year: int = 0
    language: str = ""
    countries: tuple[str, ...] = ()

    def passes(self, filters: Filters) -> bool:
        """A year or language that is not known passes no filter for it. `en-GB` is English."""
        return (
            (not filters.genres or not filters.genres.isdisjoint(self.genres))
            and (not filters.year_from or self.year >= filters.year_from)
            and (not filters.year_to or 0 < self.year <= filters.year_to)
            and (not filters.languages or self.language in filters.languages or self.language.partition("-")[0] in filters.languages)
            and (not filters.countries or not filters.countries.isdisjoint(self.countries))
        )


@dataclass(frozen=True, slots=True)
class Recommendation:
    """`because_of` are movies of the history, `genres` genre ids; which of them is filled depends on the reason."""

    movie: str
    score: float
    reason: Reason
    because_of: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
