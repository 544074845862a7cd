"""A learned model behind the port RankingModel: with the filters, and with the changes of the catalogue since its training."""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence

from recommender_service.application.ports import Explanation, Ranked
from recommender_service.domain.interactions import Taste
from recommender_service.domain.recommendation import EVERYTHING, Filters, Movie
from recommender_service.infrastructure.learning.arrays import Mask
from recommender_service.infrastructure.learning.data import Features, HistoryEvent
from recommender_service.infrastructure.learning.model import Model
from recommender_service.infrastructure.learning.ranking import Ranking
from recommender_service.infrastructure.serving.catalogue import KnownMovies

_MASKS = 100
# Deleted movies are left out one by one, so that a large model need not score every movie; of very many a mask is made.
_ONE_BY_ONE = 1_000


class ServedModel:
    """`current` follows the catalogue; each list is made with one state of it from end to end."""

    def __init__(self, model_id: str, model: Model, catalogue: KnownMovies) -> None:
        self.model_id = model_id
        self._model, self._catalogue = model, catalogue
        self._masks: OrderedDict[Filters, Mask] = OrderedDict()
        self._inactive: list[str] = []
        self._seen = -1  # revision of the catalogue that these two are of

    async def include(self, movies: Iterable[Movie], liked_by: Mapping[str, Sequence[Taste]] | None = None) -> None:
        """Movies that came after the training are ranked by what they are and by what else their likers like; both may change.

        In a thread, because an import brings thousands: the model is put in place of the one before when they are all in it.
        """
        new = {movie.movie_id: Features(movie.genres, movie.year) for movie in movies if self.is_new(movie.movie_id)}
        if new:
            histories = {movie: [_history(taste) for taste in tastes] for movie, tastes in (liked_by or {}).items()}
            self._model = await asyncio.to_thread(self._model.with_items, new, histories)
            self._seen = -1

    def knows(self, movie: str) -> bool:
        return self._model.knows(movie)

    def is_new(self, movie: str) -> bool:
        return self._model.is_new(movie) or not self._model.knows(movie)

    def rank(self, taste: Taste, count: int, exclude: Collection[str], filters: Filters, diversity: float) -> Sequence[Ranked]:
        allowed, left_out = self._open(filters, exclude)
        return _pairs(self._model.rank(_history(taste), count, exclude=left_out, allowed=allowed, diversity=diversity))

    def cold(self, genres: Sequence[str], count: int, exclude: Collection[str], filters: Filters) -> Sequence[Ranked]:
        allowed, left_out = self._open(filters, exclude)
        return _pairs(self._model.cold(genres, count, exclude=left_out, allowed=allowed))

    def similar(self, movie: str, count: int) -> Sequence[Ranked]:
        allowed, left_out = self._open(EVERYTHING, ())
        return _pairs(self._model.similar(movie, count, exclude=left_out, allowed=allowed))

    def speaking_for(self, taste: Taste, movies: Sequence[str], count: int) -> Sequence[Sequence[str]]:
        return self._model.speaking_for(_history(taste), movies, count)

    def explain(self, taste: Taste, movie: str) -> Explanation | None:
        explained = self._model.explain(_history(taste), movie)
        return None if explained is None else Explanation(explained.popularity, explained.history, explained.features)

    def _open(self, filters: Filters, exclude: Collection[str]) -> tuple[Mask | None, Collection[str]]:
        """What is allowed, None for everything, and what is left out of it; remembered until the catalogue changes."""
        if self._seen != self._catalogue.revision:
            self._masks.clear()
            self._inactive = [item for item in self._model.items if self._catalogue.find(item) is None]
            self._seen = self._catalogue.revision
        if filters is EVERYTHING and len(self._inactive) <= _ONE_BY_ONE:
            return None, [*exclude, *self._inactive]
        mask = self._masks.get(filters)
        if mask is None:
            mask = self._model.mask(movie.movie_id for movie in self._catalogue if movie.passes(filters))
            self._masks[filters] = mask
            if len(self._masks) > _MASKS:
                self._masks.popitem(last=False)
        return mask, exclude


def _history(taste: Taste) -> list[HistoryEvent]:
    return [HistoryEvent(*opinion) for opinion in taste.opinions]


def _pairs(ranking: Ranking) -> list[Ranked]:
    return [Ranked(movie, score) for movie, score in zip(ranking.items, ranking.scores, strict=True)]
