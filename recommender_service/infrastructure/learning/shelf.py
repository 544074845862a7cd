"""All movies that can be ranked: those of the training and the newcomers behind them, as if they were one."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from recommender_service.infrastructure.learning.arrays import Floats, Mask, Rows
from recommender_service.infrastructure.learning.newcomers import Newcomers
from recommender_service.infrastructure.learning.weights import Weights


@dataclass(frozen=True, slots=True)
class Shelf:
    """The arrays of the training may be huge and mapped from a file: they are never copied."""

    trained: Weights
    new: Newcomers

    def __len__(self) -> int:
        return len(self.trained.items) + len(self.new.items)

    def row_of(self, item: str) -> int | None:
        row = self.trained.rows.get(item)
        if row is None and (place := self.new.places.get(item)) is not None:
            return len(self.trained.items) + place
        return row

    def rows_of(self, items: Iterable[str]) -> Rows:
        """Those that are known."""
        return np.array([row for item in items if (row := self.row_of(item)) is not None], np.intp)

    def item(self, row: int) -> str:
        return self.trained.items[row] if row < len(self.trained.items) else self.new.items[row - len(self.trained.items)]

    def vectors(self, rows: Rows) -> Floats:
        return self._taken(self.trained.vectors, self.new.vectors, rows)

    def sources(self, rows: Rows) -> Floats:
        return self._taken(self.trained.sources, self.new.sources, rows)

    def lengths(self) -> Floats:
        if not self.new.items:
            return self.trained.lengths
        return np.concatenate((self.trained.lengths, np.linalg.norm(self.new.vectors[:, :-1], axis=1)))

    def columns(self, row: int) -> Rows:
        """The features of a movie."""
        if row >= len(self.trained.items):
            return self.new.columns[row - len(self.trained.items)]
        features = self.trained.features
        return np.asarray(features.indices[features.indptr[row] : features.indptr[row + 1]], np.intp)

    def dot(self, user: Floats) -> Floats:
        """The inner product with every movie."""
        scores = self.trained.vectors @ user
        return np.concatenate((scores, self.new.vectors @ user)) if self.new.items else scores

    def having(self, columns: Rows) -> Mask:
        """Movies with one of these features."""
        mask = np.zeros(len(self), dtype=bool)
        features = self.trained.features
        found = np.isin(features.indices, columns)
        mask[np.repeat(np.arange(features.shape[0]), np.diff(features.indptr))[found]] = True
        for place, each in enumerate(self.new.columns, len(self.trained.items)):
            mask[place] = bool(np.isin(each, columns).any())
        return mask

    def likeness(self, rows: Rows) -> Floats:
        """The cosine of each two movies' features."""
        ones = np.zeros((len(rows), len(self.trained.names)), np.float32)
        for place, row in enumerate(rows):
            ones[place, self.columns(int(row))] = 1
        ones /= np.maximum(np.linalg.norm(ones, axis=1, keepdims=True), 1)
        return ones @ ones.T

    def _taken(self, trained: Floats, new: Floats, rows: Rows) -> Floats:
        count = len(self.trained.items)
        if not self.new.items or (rows < count).all():
            return trained[rows]
        taken = np.empty((len(rows), trained.shape[1]), np.float32)
        behind = rows >= count
        taken[~behind] = trained[rows[~behind]]
        taken[behind] = new[rows[behind] - count]
        return taken
