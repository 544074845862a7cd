"""Ratings for the demo catalogue that nobody gave: made up by a seeded generator, alike on every machine.

How they are made. Each user has two to four favourite genres, one or two that bore them, a habit of marking high or
low, and a day on which they joined. Each film has a place in a popularity table (newer and more widely translated
films tend to stand higher) and a merit, both drawn from the seed. A user picks 15 to 120 films, the chance of a film
falling with its place (Zipf's law) and rising with the user's taste for its genres. The score is merit plus habit plus
taste plus chance, rounded to half stars. Nothing here is data about people or says anything about the films.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from stack.demo.catalogue import Film

LOWEST: Final = 0.5
HIGHEST: Final = 5.0
FEWEST: Final = 15  # ratings of one user
MOST: Final = 120

END: Final = datetime(2025, 7, 1, tzinfo=UTC)  # fixed, so that a second run makes the same ratings
BEGIN: Final = END - timedelta(days=6 * 365)

_MEAN_SCORE: Final = 3.5
_ZIPF_EXPONENT: Final = 0.8


@dataclass(frozen=True, slots=True)
class DemoRating:
    user: str
    movie_id: str
    score: float  # half stars, 0.5 to 5.0
    rated_at: datetime


@dataclass(frozen=True, slots=True)
class _Standing:
    film: Film
    weight: float
    merit: float


@dataclass(frozen=True, slots=True)
class _User:
    name: str
    tastes: Mapping[str, float]  # by genre, -1 to 1; indifferent where absent
    habit: float
    joined: datetime

    def taste_for(self, film: Film) -> float:
        return sum(self.tastes.get(genre, 0.0) for genre in film.genres) / len(film.genres)


def generate(films: Sequence[Film], *, seed: int = 1902, users: int = 300) -> Iterator[DemoRating]:
    """User by user, each user's ratings in the order of time; the same films and seed give the same ratings.

    A user does not depend on how many others there are: the first 50 of 300 users are the 50 users of a smaller run.
    """
    standings = _standings(films, seed)
    genres = sorted({genre for film in films for genre in film.genres})
    for number in range(1, users + 1):
        random = Random(f"{seed}/user/{number}")  # noqa: S311 - demo data, not a secret
        user = _user(f"demo-{number:03}", genres, random)
        yield from sorted((_rating(user, standing, random) for standing in _choose(user, standings, random)), key=_moment)


def _standings(films: Sequence[Film], seed: int) -> list[_Standing]:
    random = Random(f"{seed}/films")  # noqa: S311 - demo data, not a secret
    appeal = {film.id: random.random() + (film.year - 1900) / 200 + (0.5 if film.localizations else 0.0) for film in films}
    ranked = sorted(films, key=lambda film: (-appeal[film.id], film.id))
    return [_Standing(film, 1.0 / rank**_ZIPF_EXPONENT, random.gauss(0.0, 0.35)) for rank, film in enumerate(ranked, start=1)]


def _user(name: str, genres: Sequence[str], random: Random) -> _User:
    shuffled = random.sample(genres, len(genres))
    favourites = random.randint(2, 4)
    bores = random.randint(1, 2)
    tastes = {genre: random.uniform(0.5, 1.0) for genre in shuffled[:favourites]}
    tastes |= {genre: random.uniform(-1.0, -0.5) for genre in shuffled[favourites : favourites + bores]}
    return _User(name, tastes, random.gauss(0.0, 0.4), BEGIN + random.random() * 0.9 * (END - BEGIN))


def _choose(user: _User, standings: Sequence[_Standing], random: Random) -> list[_Standing]:
    """A weighted sample without replacement (Efraimidis and Spirakis): the smallest of exponential waiting times."""
    wanted = FEWEST + int((MOST - FEWEST + 1) * random.random() ** 2.5)  # most people rate little

    def waiting(standing: _Standing) -> float:
        return -math.log(1.0 - random.random()) / (standing.weight * math.exp(2.0 * user.taste_for(standing.film)))

    waits = sorted(((waiting(standing), standing) for standing in standings), key=lambda pair: (pair[0], pair[1].film.id))
    return [standing for _, standing in waits[:wanted]]


def _rating(user: _User, standing: _Standing, random: Random) -> DemoRating:
    film = standing.film
    felt = _MEAN_SCORE + standing.merit + user.habit + 0.9 * user.taste_for(film) + random.gauss(0.0, 0.6)
    score = min(HIGHEST, max(LOWEST, round(2.0 * felt) / 2.0))
    earliest = max(user.joined, datetime(film.year + 1, 1, 1, tzinfo=UTC))  # by then it has surely been shown
    seconds = int(random.random() * max(0.0, (END - earliest).total_seconds()))
    return DemoRating(user.name, film.id, score, (earliest + timedelta(seconds=seconds)).replace(microsecond=0))


def _moment(rating: DemoRating) -> tuple[datetime, str]:
    return rating.rated_at, rating.movie_id
