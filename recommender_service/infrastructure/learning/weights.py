"""What training found, as arrays."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender_service.infrastructure.learning.arrays import Floats
from recommender_service.infrastructure.learning.neighbours import NeighbourTable


@dataclass(frozen=True)
class Weights:
    """A row for each movie in `vectors`, `sources` and `likes`, for each name of a feature in `feature_vectors`.

    `vectors` are the movie's side of the inner product: taste, trail and last the bias. `sources` are what a like of the movie adds
    to the user's side: taste and trail, of which the taste has `taste` columns. `likes` counts users of the training.
    """

    items: tuple[str, ...]
    vectors: Floats
    sources: Floats
    likes: NDArray[np.int32]
    neighbours: NeighbourTable
    names: tuple[str, ...]
    features: sp.csr_matrix  # movies × names
    feature_vectors: Floats
    taste: int

    @cached_property
    def rows(self) -> dict[str, int]:
        return {item: row for row, item in enumerate(self.items)}

    @cached_property
    def columns(self) -> dict[str, int]:
        return {name: column for column, name in enumerate(self.names)}

    @cached_property
    def lengths(self) -> Floats:
        """Of the movies' vectors without the bias."""
        return np.asarray(np.linalg.norm(self.vectors[:, :-1], axis=1), np.float32)

    @cached_property
    def feature_sources(self) -> Floats:
        """What a like of a movie with one of the features adds to the user's side on average."""
        counts = np.maximum(np.asarray(self.features.sum(axis=0)).ravel(), 1)
        return np.asarray((self.features.T @ self.sources) / counts[:, None], np.float32)
