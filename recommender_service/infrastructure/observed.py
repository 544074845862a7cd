"""What is seen of the lists that are made: time by stage, level, coverage over a day, drift of the scores."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from recommender_service.application.recommending import RecommendedList
from recommender_service.domain.recommendation import Level
from recommender_service.infrastructure import metrics

_DAY = 86_400.0
_REFERENCE = 1_000  # scores of a model that its later ones are compared with
_BINS = 10
_FLOOR = 1e-4  # of a share: an empty bin would make the index infinite


class Observed:
    """One for each process. `clock` is monotonic, `movies` the number of active movies."""

    def __init__(self, movies: Callable[[], int], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._movies = clock, movies
        self._shown: dict[str, float] = {}
        self._model_id, self._drift = "", ScoreDrift()
        metrics.coverage.set_function(self.coverage)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        metrics.stage_seconds.labels(name).observe(time.perf_counter() - started)

    def listed(self, made: RecommendedList, *, tried: bool = False) -> None:
        """`tried`: made with the candidate of an experiment, whose scores are others than the active model's."""
        metrics.lists.labels(made.level.name).inc()
        now = self._clock()
        for item in made.items:
            self._shown[item.movie] = now
        if made.level in (Level.ONE_LIKE, Level.HISTORY) and not tried:
            if made.model_id != self._model_id:
                self._model_id, self._drift = made.model_id, ScoreDrift()
            self._drift.add([item.score for item in made.items])
            metrics.drift.set(self._drift.index)

    def coverage(self) -> float:
        since, movies = self._clock() - _DAY, self._movies()
        self._shown = {movie: shown for movie, shown in list(self._shown.items()) if shown >= since}
        return len(self._shown) / movies if movies else 0.0


class ScoreDrift:
    """Of one model, the population stability index: Σ (p − q) ln (p / q) over tenths of the first scores.

    Above 0.25 is usually called a shift.
    """

    def __init__(self) -> None:
        self._first: list[float] = []
        self._bounds: list[float] | None = None
        self._counts = [0.0] * _BINS

    @property
    def index(self) -> float:
        """0 until there are as many later scores as first ones."""
        total = sum(self._counts)
        if total < _REFERENCE:
            return 0.0
        shares = [max(count / total, _FLOOR) for count in self._counts]
        return sum((share - 1 / _BINS) * math.log(share * _BINS) for share in shares)

    def add(self, scores: Sequence[float]) -> None:
        for score in scores:
            if self._bounds is None:
                self._first.append(score)
                if len(self._first) == _REFERENCE:
                    self._first.sort()
                    self._bounds = [self._first[_REFERENCE * tenth // _BINS] for tenth in range(1, _BINS)]
            else:
                self._counts[sum(score >= bound for bound in self._bounds)] += 1
        if sum(self._counts) > 20 * _REFERENCE:  # the latest count most
            self._counts = [count / 2 for count in self._counts]
