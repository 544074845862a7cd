"""Which movies speak for which: EASE, a linear model between movies in closed form.

Steck, "Embarrassingly Shallow Autoencoders for Sparse Data" (2019): B = I − P·diag(P)⁻¹ with P = (XᵀX + λI)⁻¹.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import lapack

from recommender_service.infrastructure.learning import parameters
from recommender_service.infrastructure.learning.arrays import Floats, Rows
from recommender_service.infrastructure.learning.data import WEAK, Interactions
from recommender_service.infrastructure.learning.errors import Diverged


@dataclass(frozen=True, slots=True)
class NeighbourTable:
    """`place` of a movie is its row in the others, or −1; a row holds the movies that it speaks for, and how much."""

    place: NDArray[np.int32]
    items: NDArray[np.int32]
    weights: Floats


def find_neighbours(interactions: Interactions, chosen: parameters.Neighbours) -> NeighbourTable:
    counts = np.bincount(interactions.item[interactions.liked], minlength=len(interactions.items))
    known = most_liked(counts, chosen)
    return table_of(known, len(counts), lambda place: _gram(interactions, place, len(known)), chosen)


def most_liked(counts: NDArray[np.int64], chosen: parameters.Neighbours) -> Rows:
    """The movies, in their order, that have enough likes to speak for others."""
    by_count = np.argsort(-counts, kind="stable")[: chosen.most_items]
    return np.sort(by_count[counts[by_count] >= chosen.fewest_likes])


def table_of(known: Rows, movies: int, gram: Callable[[NDArray[np.int32]], Floats], chosen: parameters.Neighbours) -> NeighbourTable:
    """`gram` gives XᵀX over the known movies from the place that each movie has among them, −1 for the others. Raises Diverged."""
    place = np.full(movies, -1, np.int32)
    place[known] = np.arange(len(known))
    kept = min(chosen.kept, max(0, len(known) - 1))
    if not kept:
        return NeighbourTable(np.full_like(place, -1), np.zeros((0, 0), np.int32), np.zeros((0, 0), np.float32))
    speaks = _ease(gram(place), chosen.ridge)
    strongest = np.argpartition(-np.abs(speaks), kept - 1, axis=1)[:, :kept]
    return NeighbourTable(place, known[strongest].astype(np.int32), np.take_along_axis(speaks, strongest, axis=1))


def _gram(interactions: Interactions, place: NDArray[np.int32], count: int) -> Floats:
    column = place[interactions.item]
    inside = column >= 0
    weight = np.where(interactions.liked, np.float32(1), np.float32(WEAK))[inside]
    chosen = sp.csr_matrix((weight, (interactions.user[inside], column[inside])), shape=(len(interactions.users), count))
    return np.asarray((chosen.T @ chosen).toarray(), np.float32)


def _ease(gram: Floats, ridge: float) -> Floats:
    gram[np.diag_indices(len(gram))] += ridge
    # Cholesky and the inverse from it: a fifth of the work of a general inverse, and in place.
    factor, not_positive = lapack.spotrf(gram.T, lower=0, overwrite_a=1)
    if not_positive:
        raise Diverged("the neighbours cannot be told apart in single precision: they need a larger ridge")
    inverse, _ = lapack.spotri(factor, lower=0, overwrite_c=1)
    inverse = np.triu(inverse) + np.triu(inverse, 1).T
    speaks = -inverse / inverse.diagonal()
    np.fill_diagonal(speaks, 0)
    return np.ascontiguousarray(speaks, dtype=np.float32)
