"""A linear map from histories to the user vectors that training found, so that a new like moves a vector without training."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender_service.infrastructure.learning.arrays import Floats

_ROUNDS = 200
_CLOSE = 1e-5  # of the right side, in each column


def ridge_map(likes: sp.csr_matrix, vectors: Floats, ridge: float) -> Floats:
    """W = (XᵀX + ridge·I)⁻¹ XᵀU by conjugate gradients, all columns at once: the matrix is never made, movies may be many."""
    chosen = likes.astype(np.float64)
    turned = chosen.T.tocsr()
    right = turned @ vectors.astype(np.float64)
    found = np.zeros_like(right)
    rest, direction = right.copy(), right.copy()
    size = (rest * rest).sum(axis=0)
    enough = size * _CLOSE**2
    for _ in range(_ROUNDS):
        if (size <= enough).all():
            break
        image = turned @ (chosen @ direction) + ridge * direction
        step = _ratio(size, (direction * image).sum(axis=0))
        found += step * direction
        rest -= step * image
        before, size = size, (rest * rest).sum(axis=0)
        direction = rest + _ratio(size, before) * direction
    return np.asarray(found, np.float32)


def _ratio(over: NDArray[np.float64], under: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 where a column is solved already."""
    return np.divide(over, under, out=np.zeros_like(over), where=under > 0)
