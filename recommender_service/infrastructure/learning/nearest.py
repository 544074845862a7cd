"""Candidates among very many movies, without a look at each: an inverted file over their vectors (faiss).

Below FEW the exact product is as quick. What is found here is scored exactly afterwards.
"""

from pathlib import Path
from typing import Any, Final

import faiss
import numpy as np

from recommender_service.infrastructure.learning.arrays import Floats, Rows

FEW: Final = 20_000
_PER_CENTRE: Final = 40  # vectors that a centre is learned from
_PROBED: Final = 24  # centres whose movies are looked at


class Nearest:
    def __init__(self, index: Any) -> None:
        self._index = index
        index.nprobe = min(_PROBED, index.nlist)

    @classmethod
    def over(cls, vectors: Floats, seed: int) -> "Nearest":
        count, width = vectors.shape
        centres = max(1, min(int(2 * count**0.5), count // _PER_CENTRE))
        index = faiss.IndexIVFFlat(faiss.IndexFlatIP(width), width, centres, faiss.METRIC_INNER_PRODUCT)
        index.cp.seed, index.cp.niter, index.cp.max_points_per_centroid = seed, 8, _PER_CENTRE
        index.train(vectors)
        index.add(vectors)
        return cls(index)

    @property
    def shape(self) -> tuple[int, int]:
        return self._index.ntotal, self._index.d

    def find(self, user: Floats, count: int) -> Rows:
        """Rows with about the largest inner products, unordered."""
        rows = self._index.search(user[None, :], count)[1][0]
        return np.asarray(rows[rows >= 0], np.intp)

    def save(self, file: Path) -> None:
        faiss.write_index(self._index, str(file))

    @classmethod
    def load(cls, file: Path) -> "Nearest":
        return cls(faiss.read_index(str(file)))
