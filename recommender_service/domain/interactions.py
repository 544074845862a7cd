"""What people do with movies, and what that says about their taste and about what is popular."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Final, NamedTuple

LIKED: Final = 1.0
# A rating below LIKED_HALF_STARS hides the movie; that it was chosen at all counts a little.
WEAK: Final = 0.3
DISLIKED: Final = 0.0

LIKED_HALF_STARS: Final = 8  # four stars, as in the protocol that the models are measured by
WATCHED_PERCENT: Final = 70

# What a glance counts beside a like when it is asked what is popular.
VIEW_INTEREST: Final = 0.1
CLICK_INTEREST: Final = 0.2


class Kind(IntEnum):
    """What was done; the numbers are stored."""

    RATING = 1
    UNRATING = 2
    VIEW = 3
    CLICK = 4
    LIKE = 5
    DISLIKE = 6
    WATCH_PROGRESS = 7


@dataclass(frozen=True, slots=True)
class Interaction:
    """`user` and `movie` are ids; `value` is half stars of a rating, percent of a watch progress, else 0; `source` as in ratings."""

    user: str
    movie: str
    kind: Kind
    value: int
    time: datetime
    region: str = ""
    source: str = ""


class Event(NamedTuple):
    """What one user did with one movie, `time` in seconds since 1970."""

    movie: str
    kind: int
    value: int
    time: float


class Opinion(NamedTuple):
    """What a user thinks of a movie that they know: LIKED, WEAK or DISLIKED."""

    movie: str
    weight: float
    time: float


@dataclass(frozen=True, slots=True)
class Taste:
    """What is known of somebody: opinions in the order of time, at most one for each movie. None of these movies is recommended."""

    opinions: tuple[Opinion, ...] = ()

    @property
    def likes(self) -> list[Opinion]:
        return [opinion for opinion in self.opinions if opinion.weight >= LIKED]


NOBODY: Final = Taste()


def weight_of(kind: int, value: int) -> float | None:
    """The opinion that it expresses; None for what expresses none (a page opened, a movie begun)."""
    match kind:
        case Kind.RATING:
            return LIKED if value >= LIKED_HALF_STARS else WEAK
        case Kind.LIKE:
            return LIKED
        case Kind.DISLIKE:
            return DISLIKED
        case Kind.WATCH_PROGRESS if value >= WATCHED_PERCENT:
            return LIKED
        case _:
            return None


def interest_of(kind: int, value: int) -> float:
    """What it counts when it is asked what is popular."""
    match kind:
        case Kind.VIEW:
            return VIEW_INTEREST
        case Kind.CLICK:
            return CLICK_INTEREST
        case _:
            return weight_of(kind, value) or 0.0


def taste_of(events: Iterable[Event]) -> Taste:
    """The last opinion of each movie counts; a rating that was taken back leaves none, unless another kind has replaced it."""
    latest: dict[str, tuple[int, Opinion]] = {}
    for event in sorted(events, key=lambda each: each.time):
        if event.kind == Kind.UNRATING:
            if event.movie in latest and latest[event.movie][0] == Kind.RATING:
                del latest[event.movie]
            continue
        weight = weight_of(event.kind, event.value)
        if weight is not None:
            latest.pop(event.movie, None)
            latest[event.movie] = event.kind, Opinion(event.movie, weight, event.time)
    return Taste(tuple(opinion for _, opinion in latest.values()))


def given_taste(liked: Iterable[str], disliked: Iterable[str]) -> Taste:
    """Of somebody who says it in the request: likes with the latest last, each a day after the one before."""
    opinions = [Opinion(movie, DISLIKED, 0.0) for movie in disliked]
    return Taste((*opinions, *(Opinion(movie, LIKED, 86_400.0 * day) for day, movie in enumerate(liked, start=1))))
