"""Candidates among very many movies, without a look at each: an inverted file over their vectors (faiss).

Below FEW the exact product is as quick. What is found here is scored exactly afterwards. A further column makes all vectors equally
long, so that the nearest is the one with the largest inner product (Bachrach et al., "Speeding Up the Xbox Recommender System", 2014).
"""

from pathlib import Path
from typing import Any, Final

import numpy as np

from recommender_service.infrastructure.learning.arrays import Floats, Rows

FEW: Final = 20_000
_PER_CENTRE: Final = 40  # vectors that a centre is learned from
_PROBED: Final = 48  # centres whose movies are looked at


class Nearest:
    def __init__(self, index: Any) -> None:
        self._index = index
        index.nprobe = min(_PROBED, index.nlist)

    @classmethod
    def over(cls, vectors: Floats, seed: int) -> "Nearest":
        squares = np.einsum("ij,ij->i", vectors, vectors)
        wide = np.column_stack((vectors, np.sqrt(np.maximum(squares.max() - squares, 0)))).astype(np.float32)
        count, width = wide.shape
        centres = max(1, min(int(2 * count**0.5), count // _PER_CENTRE))
        faiss = _faiss()
        index = faiss.IndexIVFFlat(faiss.IndexFlatL2(width), width, centres, faiss.METRIC_L2)
        index.cp.seed, index.cp.niter, index.cp.max_points_per_centroid = seed, 8, _PER_CENTRE
        index.train(wide)
        index.add(wide)
        return cls(index)

    @property
    def shape(self) -> tuple[int, int]:
        """Of the vectors that it is over."""
        return self._index.ntotal, self._index.d - 1

    def find(self, user: Floats, count: int) -> Rows:
        """Rows with about the largest inner products, unordered."""
        rows = self._index.search(np.append(user, np.float32(0))[None, :], count)[1][0]
        return np.asarray(rows[rows >= 0], np.intp)

    def save(self, file: Path) -> None:
        _faiss().write_index(self._index, str(file))

    @classmethod
    def load(cls, file: Path) -> "Nearest":
        return cls(_faiss().read_index(str(file)))


def _faiss() -> Any:
    import faiss  # memory that a small catalogue has no use for

    return faiss
