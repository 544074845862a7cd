"""The two towers, both LightFM: what somebody likes as a whole, and what follows the last likes.

WARP: Weston, Bengio, Usunier, "WSABIE" (2011); LightFM: Kula, "Metadata Embeddings for User and Item Cold-start" (2015).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from lightfm import LightFM

from recommender_service.infrastructure.learning.arrays import Floats
from recommender_service.infrastructure.learning.data import Interactions
from recommender_service.infrastructure.learning.errors import Diverged
from recommender_service.infrastructure.learning.fading import fading
from recommender_service.infrastructure.learning.parameters import Parameters, Taste, Trail

Step = Callable[[float], None]  # how much of the training is done, 0 to 1

_LARGEST: Final = 1e4  # of any number in a tower that learned something; beyond it has run away


@dataclass(frozen=True, slots=True)
class Tower:
    """`features` are the parts of names, `vectors` the whole of movies; the last column of both is the bias. `sources` is what a
    user's side is made of: a row for each user in the taste, for each movie in the trail."""

    vectors: Floats
    features: Floats
    sources: Floats


def train_taste(likes: Interactions, table: sp.csr_matrix, parameters: Parameters, step: Step) -> Tower:
    """A row for each user; movies are themselves and their features."""
    chosen = parameters.taste
    shape = (len(likes.users), len(likes.items))
    positives = sp.coo_matrix((np.ones(len(likes), np.float32), (likes.user, likes.item)), shape=shape)
    model = LightFM(
        no_components=chosen.components,
        loss="warp",
        learning_rate=chosen.learning_rate,
        item_alpha=chosen.item_alpha,
        max_sampled=chosen.max_sampled,
        random_state=parameters.seed,
    )
    return _fitted(model, positives, table, None, _epochs(chosen, positives, parameters), step)


def train_trail(likes: Interactions, parameters: Parameters, step: Step) -> Tower:
    """A row for each point of a history: from the likes before it to those right after it. Features did not help it: it has none."""
    chosen = parameters.trail
    pasts, positives = trails(likes, chosen)
    if not positives.nnz:  # nobody liked a second movie
        vectors = np.zeros((len(likes.items), chosen.components + 1), np.float32)
        return Tower(vectors, vectors[:0], vectors[:, :-1])
    model = LightFM(
        no_components=chosen.components,
        loss="warp",
        learning_rate=chosen.learning_rate,
        max_sampled=chosen.max_sampled,
        random_state=parameters.seed + 1,
    )
    return _fitted(
        model, positives, sp.identity(len(likes.items), dtype=np.float32, format="csr"), pasts, _epochs(chosen, positives, parameters), step
    )


def trails(likes: Interactions, chosen: Trail) -> tuple[sp.csr_matrix, sp.coo_matrix]:
    """Points of histories × movies: the faded past as weights that sum to 1, and the likes that followed."""
    place = np.arange(len(likes)) - likes.starts[likes.user]  # in the user's own history
    length = np.diff(likes.starts)[likes.user]
    points = np.flatnonzero(place > 0)
    back = np.arange(1, chosen.length + 1)
    past = back <= place[points, None]
    weights = np.where(past, fading(chosen.length, chosen.fading), np.float32(0))
    weights /= weights.sum(axis=1, keepdims=True)
    rows, behind = np.nonzero(past)
    shape = (len(points), len(likes.items))
    pasts = sp.csr_matrix((weights[past], (rows, likes.item[points[rows] - back[behind]])), shape=shape)
    ahead = np.arange(chosen.following)
    rows, before = np.nonzero(place[points, None] + ahead < length[points, None])
    ones = np.ones(len(rows), np.float32)
    return pasts, sp.coo_matrix((ones, (rows, likes.item[points[rows] + ahead[before]])), shape=shape)


def _epochs(chosen: Taste | Trail, positives: sp.coo_matrix, parameters: Parameters) -> int:
    return max(1, min(chosen.epochs, parameters.most_samples // int(positives.nnz)))


def _fitted(model: Any, positives: sp.coo_matrix, table: sp.csr_matrix, users: sp.csr_matrix | None, epochs: int, step: Step) -> Tower:
    for epoch in range(epochs):
        # One thread: several race for the same numbers, and a seed would no longer say what comes out.
        model.fit_partial(positives, user_features=users, item_features=table, epochs=1, num_threads=1)
        step((epoch + 1) / epochs)
    parts = np.column_stack((model.item_embeddings, model.item_biases))
    tower = Tower(table @ parts, parts[table.shape[0] :], model.user_embeddings)
    if any(array.size and not np.abs(array).max() < _LARGEST for array in (tower.vectors, tower.sources)):
        raise Diverged(f"numbers ran away in a tower of {model.no_components} components: lower its learning rate")
    return tower
