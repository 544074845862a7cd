"""A trained model: ranks, compares and explains, from a history that may have changed a moment ago.

A score is one inner product, of a user's vector with a movie's, plus what the movies of the history say for it. A user's vector is a
weighted sum of rows of the movies that they liked: nothing is kept of users, and nothing is trained when somebody likes a movie.
Formulas and sources: docs/recommender.md.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from recommender_service.infrastructure.learning import scoring
from recommender_service.infrastructure.learning.arrays import Floats, Mask, Rows, Scores
from recommender_service.infrastructure.learning.data import Features, HistoryEvent
from recommender_service.infrastructure.learning.explaining import Explanation, largest_first
from recommender_service.infrastructure.learning.manifest import Manifest
from recommender_service.infrastructure.learning.nearest import Nearest
from recommender_service.infrastructure.learning.newcomers import Newcomers, placed
from recommender_service.infrastructure.learning.past import Past, read_past
from recommender_service.infrastructure.learning.ranking import Ranking, best, diverse
from recommender_service.infrastructure.learning.shelf import Shelf
from recommender_service.infrastructure.learning.weights import Weights

_POOL: Final = 5  # times the length of a list: what diversity may choose from
_SPARE: Final = 200  # candidates beyond those asked for, where not every movie is scored
_EXAMPLES: Final = 20  # best known movies of a genre that stand for it


@dataclass(frozen=True, slots=True)
class Model:
    """Never changes; `with_items` makes another one that shares the arrays. Synchronous, without I/O, for any number of threads."""

    shelf: Shelf = field(repr=False)
    manifest: Manifest
    nearest: Nearest | None = field(default=None, repr=False)

    @classmethod
    def of(cls, weights: Weights, manifest: Manifest, nearest: Nearest | None = None) -> "Model":
        return cls(Shelf(weights, Newcomers.of({}, weights)), manifest, nearest)

    @property
    def items(self) -> tuple[str, ...]:
        """All movies that it can rank; a mask has a place for each, in this order."""
        return self.shelf.trained.items + self.shelf.new.items

    def knows(self, item: str) -> bool:
        return self.shelf.row_of(item) is not None

    def is_new(self, item: str) -> bool:
        """Whether it came after the training."""
        return item in self.shelf.new.places

    def mask(self, items: Iterable[str]) -> Mask:
        """For `allowed`: true for these movies. It belongs to this model; another one needs its own."""
        mask = np.zeros(len(self.shelf), dtype=bool)
        mask[self.shelf.rows_of(items)] = True
        return mask

    def rank(
        self,
        history: Sequence[HistoryEvent],
        count: int,
        *,
        exclude: Collection[str] = (),
        allowed: Mask | None = None,
        diversity: float = 0.0,
    ) -> Ranking:
        """The next movies: none of the history, whatever was thought of it, none of `exclude`, and only those that are `allowed`.

        `diversity` from 0 to 1 gives up some of the score for features that the list does not have yet.
        """
        past = self.past(history)
        hidden = np.concatenate((past.rows, self.shelf.rows_of(exclude)))
        wanted = count * _POOL if diversity > 0 else count
        rows: Rows | None
        scores: Scores
        if self.nearest is None or allowed is not None:
            rows, scores = None, _open(scoring.all_scores(self.shelf, past), hidden, allowed)
        else:
            rows = self._candidates(self.nearest, past, hidden, wanted)
            scores = scoring.scores_of(self.shelf, past, rows)
        places = best(scores, wanted)
        if diversity > 0:
            likeness = self.shelf.likeness(places if rows is None else rows[places])
            places = places[diverse(scores[places], likeness, count, min(diversity, 1.0))]
        return self._listed(places if rows is None else rows[places], scores[places], past.unknown)

    def similar(self, item: str, count: int, *, exclude: Collection[str] = (), allowed: Mask | None = None) -> Ranking:
        """What is like a movie: the cosine of their vectors, above 0 and at most 1."""
        if (row := self.shelf.row_of(item)) is None:
            return Ranking((), (), (item,))
        vector = self.shelf.vectors(np.array([row]))[0].copy()
        vector[-1] = 0  # being popular is not being alike
        scores = self.shelf.dot(vector) / np.maximum(self.shelf.lengths() * np.linalg.norm(vector), np.float32(1e-9))
        scores[scores <= 0] = -np.inf
        _open(scores, np.append(self.shelf.rows_of(exclude), row), allowed)
        rows = best(scores, count)
        return self._listed(rows, np.minimum(scores[rows], 1), ())

    def cold(self, genres: Collection[str], count: int, *, exclude: Collection[str] = (), allowed: Mask | None = None) -> Ranking:
        """For somebody who has only chosen genres: movies of these, as if the best known ones of each had been liked."""
        trained = self.shelf.trained
        columns = {genre: column for genre in genres if (column := trained.columns.get(f"genre:{genre}")) is not None}
        unknown = tuple(genre for genre in genres if genre not in columns)
        if not columns:
            return replace(self.rank((), count, exclude=exclude, allowed=allowed), unknown=unknown)
        examples = [self._best_known(column) for column in columns.values()]
        vector = np.append(trained.sources[np.concatenate(examples)].mean(axis=0), np.float32(1))
        inside = self.shelf.having(np.array(list(columns.values())))
        scores = _open(self.shelf.dot(vector), self.shelf.rows_of(exclude), inside if allowed is None else inside & allowed)
        rows = best(scores, count)
        return self._listed(rows, scores[rows], unknown)

    def explain(self, history: Sequence[HistoryEvent], item: str) -> Explanation | None:
        """None for a movie that it does not know."""
        if (row := self.shelf.row_of(item)) is None:
            return None
        past, trained = self.past(history), self.shelf.trained
        parts = scoring.parts_of(self.shelf, past, np.array([row]))[:, 0]
        popularity = float(self.shelf.vectors(np.array([row]))[0, -1])
        columns = self.shelf.columns(row)
        of_features = trained.feature_vectors[columns] @ scoring.user_vector(self.shelf, past)
        return Explanation(
            popularity + float(parts.sum()),
            popularity,
            largest_first([self.shelf.item(int(each)) for each in past.rows], parts),
            largest_first([trained.names[column] for column in columns], of_features),
        )

    def speaking_for(self, history: Sequence[HistoryEvent], items: Sequence[str], count: int) -> list[tuple[str, ...]]:
        """For each of these known movies the likes that add most to its score, as in `explain`: the largest first, at most `count`.

        All in one step: the explanations of a list, one by one, took five times as long as the list.
        """
        if not items:
            return []
        past = self.past(history)
        likes = np.flatnonzero(past.taste > 0)
        parts = scoring.parts_of(self.shelf, past, self.shelf.rows_of(items))[likes]
        names = [self.shelf.item(row) for row in past.rows[likes].tolist()]
        most = np.argsort(-parts, axis=0, kind="stable")[:count]
        said = np.take_along_axis(parts, most, axis=0) > 0
        return [
            tuple(names[like] for like, positive in zip(column, speaks, strict=True) if positive)
            for column, speaks in zip(most.T.tolist(), said.T.tolist(), strict=True)
        ]

    def with_items(
        self, features: Mapping[str, Features], liked_by: Mapping[str, Sequence[Sequence[HistoryEvent]]] | None = None
    ) -> "Model":
        """With movies that came after the training, in place of what was told of them before. Those of the training stay as they are.

        `liked_by`: histories of users who liked a new movie; it then moves from where its features put it to what they like.
        """
        found = self.shelf.new.as_found()
        for item, each in features.items():
            if item not in self.shelf.trained.rows:
                pasts = [self.past(history) for history in (liked_by or {}).get(item, ())]
                found[item] = placed(each, [self.shelf.vectors(past.rows[past.trail > 0]) for past in pasts], self.shelf.trained)
        return replace(self, shelf=Shelf(self.shelf.trained, Newcomers.of(found, self.shelf.trained)))

    def with_metrics(self, metrics: Mapping[str, float]) -> "Model":
        """The same with what was measured of it in the manifest."""
        return replace(self, manifest=replace(self.manifest, metrics=dict(metrics)))

    def past(self, history: Sequence[HistoryEvent]) -> Past:
        return read_past(history, self.shelf.row_of, self.manifest.parameters)

    def scores(self, history: Sequence[HistoryEvent]) -> Floats:
        """Of all movies in the order of `items`, those of the history too."""
        return scoring.all_scores(self.shelf, self.past(history))

    def _candidates(self, nearest: Nearest, past: Past, hidden: Rows, count: int) -> Rows:
        user = scoring.user_vector(self.shelf, past)
        near = nearest.find(user, count + len(hidden) + _SPARE)
        new = np.arange(len(self.shelf.trained.items), len(self.shelf))
        return np.setdiff1d(np.concatenate((near, scoring.neighbours_of(self.shelf, past), new)), hidden)

    def _best_known(self, column: int) -> Rows:
        trained = self.shelf.trained
        having: Rows = trained.features[:, [column]].nonzero()[0]
        return having[best(trained.likes[having].astype(np.float32), _EXAMPLES)]

    def _listed(self, rows: Rows, scores: Scores, unknown: tuple[str, ...]) -> Ranking:
        return Ranking(tuple(self.shelf.item(row) for row in rows.tolist()), tuple(scores.tolist()), unknown)


def _open(scores: Scores, hidden: Rows, allowed: Mask | None) -> Scores:
    """The same scores; −∞ for what must not be listed."""
    scores[hidden] = -np.inf
    if allowed is not None:
        scores[~allowed] = -np.inf
    return scores
