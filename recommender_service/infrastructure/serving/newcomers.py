"""Movies that came after the training: when somebody likes one, it moves to where its likers' other movies are."""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from recommender_service.domain.interactions import Taste
from recommender_service.infrastructure.serving.catalogue import KnownMovies
from recommender_service.infrastructure.serving.tastes import Tastes

if TYPE_CHECKING:  # numpy comes with the first model, not with the process
    from recommender_service.infrastructure.serving.served_model import ServedModel

# A movie that everybody likes just now is moved once in a while, not with every like; and after an import of very many, a twentieth of the
# time goes into it until the next training knows them.
_SHORTEST_SECONDS = 1.0
_PATIENCE = 19
_AT_ONCE = 100

Likers = Callable[[Sequence[int]], Awaitable[Mapping[str, Sequence[str]]]]


class Newcomers:
    """`likers` reads the users who liked movies, by their numbers; `served` are the models in memory. `clock` is monotonic."""

    def __init__(
        self,
        catalogue: KnownMovies,
        tastes: Tastes,
        likers: Likers,
        served: Callable[[], Sequence["ServedModel"]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._catalogue, self._tastes, self._likers, self._served, self._clock = catalogue, tastes, likers, served, clock
        self._waiting: dict[str, None] = {}
        self._next = float("-inf")

    def changed(self, movies: Iterable[str]) -> None:
        """They, who likes them, or the models."""
        served = self._served()
        self._waiting.update((movie, None) for movie in movies if any(model.is_new(movie) for model in served))

    async def move(self) -> bool:
        """Some of those that changed, if it is time; whether a list may be another one now."""
        began = self._clock()
        if not self._waiting or began < self._next:
            return False
        some = list(self._waiting)[:_AT_ONCE]
        liked_by = await self._tastes_of_likers(some)
        for movie in some:
            del self._waiting[movie]
        movies = [found for movie in liked_by if (found := self._catalogue.find(movie))]
        for model in self._served():
            await model.include(movies, liked_by)
        now = self._clock()
        self._next = now + max(_SHORTEST_SECONDS, _PATIENCE * (now - began))
        return bool(movies)

    async def _tastes_of_likers(self, movies: Sequence[str]) -> Mapping[str, Sequence[Taste]]:
        found = {}
        for movie, users in (await self._likers(self._catalogue.numbers_of(movies))).items():
            tastes = [await self._tastes.of(user) for user in users]
            found[movie] = [_without(taste, movie) for taste in tastes if any(like.movie == movie for like in taste.likes)]
        return found


def _without(taste: Taste, movie: str) -> Taste:
    """That it is liked together with itself says nothing."""
    return Taste(tuple(opinion for opinion in taste.opinions if opinion.movie != movie))
