"""Movies that came after the training: placed by their features, and moved by their first likes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from recommender_service.infrastructure.learning.arrays import Floats, Rows
from recommender_service.infrastructure.learning.data import Features
from recommender_service.infrastructure.learning.weights import Weights

_HALF_KNOWN: Final = 10  # likes after which what its likers like counts as much as its features


@dataclass(frozen=True, slots=True)
class Newcomer:
    """`columns` are its features, `vector` and `source` rows like those of Weights."""

    columns: Rows
    vector: Floats
    source: Floats


@dataclass(frozen=True, slots=True)
class Newcomers:
    """Rows behind those of the training, in the order in which they came."""

    items: tuple[str, ...]
    places: Mapping[str, int]
    columns: tuple[Rows, ...]
    vectors: Floats
    sources: Floats

    @classmethod
    def of(cls, found: Mapping[str, Newcomer], weights: Weights) -> "Newcomers":
        width = weights.vectors.shape[1]
        return cls(
            tuple(found),
            {item: place for place, item in enumerate(found)},
            tuple(each.columns for each in found.values()),
            np.array([each.vector for each in found.values()], np.float32).reshape(len(found), width),
            np.array([each.source for each in found.values()], np.float32).reshape(len(found), width - 1),
        )

    def as_found(self) -> dict[str, Newcomer]:
        return {item: Newcomer(self.columns[place], self.vectors[place], self.sources[place]) for place, item in enumerate(self.items)}


def placed(features: Features, likers: Sequence[Floats], weights: Weights) -> Newcomer:
    """`likers`: for each who liked it, the vectors of what else they liked last.

    n likes count n/(n + 10): the vector moves from the sum of its features to the mean of the movies that it is liked with.
    """
    columns = np.array([column for name in features.names if (column := weights.columns.get(name)) is not None], np.intp)
    vector = weights.feature_vectors[columns].sum(axis=0)
    source = weights.feature_sources[columns].mean(axis=0) if len(columns) else np.zeros(weights.sources.shape[1], np.float32)
    known = [near.mean(axis=0) for near in likers if len(near)]
    if known:
        share = len(known) / (len(known) + _HALF_KNOWN)
        vector = (1 - share) * vector + share * np.mean(known, axis=0)
    return Newcomer(columns, vector.astype(np.float32), source)
