"""How much movies are watched and liked, everywhere and by region, fading with time."""

import time
from collections.abc import Callable, Mapping, Sequence
from heapq import nsmallest
from itertools import islice

from recommender_service.application.ports import Ranked
from recommender_service.domain.recommendation import Movie
from recommender_service.infrastructure.postgres.interest import faded
from recommender_service.infrastructure.serving.catalogue import KnownMovies

EVERYWHERE = ""
_RANKED = 5_000
_SHORTEST_SECONDS = 0.25
# A ranking is kept so many times longer than it took to make: at most 2 % of the time goes into it, however many movies there are.
_PATIENCE = 50


class Interest:
    """With one half-life. Counted from `since`, so that nothing has to be changed while time goes by: all of it fades alike."""

    def __init__(self, half_life: float, since: float, catalogue: KnownMovies, clock: Callable[[], float] = time.monotonic) -> None:
        self._half_life, self._since, self._catalogue, self._clock = half_life, since, catalogue, clock
        self._of: dict[str, dict[str, float]] = {EVERYWHERE: {}}
        self._ranked: dict[str, tuple[float, int, Sequence[Ranked]]] = {}

    def put(self, movie: str, region: str, counted: float) -> None:
        """What PostgreSQL has counted."""
        for where in {EVERYWHERE, region}:
            movies = self._of.setdefault(where, {})
            movies[movie] = movies.get(movie, 0.0) + counted

    def add(self, movie: str, region: str, interest: float, when: float) -> None:
        if interest:
            self.put(movie, region, interest * faded(when - self._since, self._half_life))

    def knows(self, region: str) -> bool:
        return bool(self._of.get(region))

    def part_of(self, movie: str) -> float:
        """In parts of the first movie's."""
        ranked = self.ranked(EVERYWHERE)
        found = self._of[EVERYWHERE].get(movie, 0.0)
        top = self._of[EVERYWHERE].get(ranked[0].movie, 0.0) if ranked else 0.0
        return found / top if top else 0.0

    def ranked(self, region: str) -> Sequence[Ranked]:
        """Active movies, the first 5,000; of equal ones in the order of their ids."""
        now = self._clock()
        until, revision, found = self._ranked.get(region, (0.0, -1, ()))
        if now < until and revision == self._catalogue.revision:
            return found
        found = self._rank(self._of.get(region, {}))
        took = self._clock() - now
        self._ranked[region] = now + max(_SHORTEST_SECONDS, _PATIENCE * took), self._catalogue.revision, found
        return found

    def _rank(self, movies: Mapping[str, float]) -> Sequence[Ranked]:
        active = ((-counted, movie) for movie, counted in movies.items() if counted > 0 and self._catalogue.find(movie) is not None)
        first = nsmallest(_RANKED, active)
        highest = -first[0][0] if first else 1.0
        return [Ranked(movie, -counted / highest) for counted, movie in first]


class KnownPopularity:
    """The port Popularity."""

    def __init__(self, popular: Interest, trending: Interest, catalogue: KnownMovies) -> None:
        self._popular, self._trending, self._catalogue = popular, trending, catalogue

    def popular(self, region: str, count: int, accept: Callable[[Movie], bool]) -> Sequence[Ranked]:
        ranked = self._popular.ranked(region)
        return list(islice((each for each in ranked if (movie := self._catalogue.find(each.movie)) and accept(movie)), count))

    def trending(self, region: str, count: int) -> Sequence[Ranked]:
        return self._trending.ranked(region if self._trending.knows(region) else EVERYWHERE)[:count]

    def knows(self, region: str) -> bool:
        return bool(region) and self._popular.knows(region)

    def of(self, movie: str) -> float:
        return self._popular.part_of(movie)
