"""Training: two towers, a map into the first, neighbours; their scores brought to one scale and into one inner product."""

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from threading import Lock
from typing import Final

import numpy as np
import scipy.sparse as sp

from recommender_service.infrastructure.learning.arrays import Floats
from recommender_service.infrastructure.learning.data import Catalogue, Interactions
from recommender_service.infrastructure.learning.errors import NothingToLearn
from recommender_service.infrastructure.learning.features import feature_table, with_identity
from recommender_service.infrastructure.learning.folding import ridge_map
from recommender_service.infrastructure.learning.manifest import DataCut, Manifest
from recommender_service.infrastructure.learning.model import Model
from recommender_service.infrastructure.learning.nearest import FEW, Nearest
from recommender_service.infrastructure.learning.neighbours import NeighbourTable, find_neighbours
from recommender_service.infrastructure.learning.parameters import Parameters
from recommender_service.infrastructure.learning.past import Past, past_of
from recommender_service.infrastructure.learning.towers import Step, Tower, train_taste, train_trail
from recommender_service.infrastructure.learning.weights import Weights

Progress = Callable[[float, str], None]

_TOWERS: Final = 0.9  # of the time of a training
_ASKED: Final = 400  # users whose scores set the scale
_LOOKED_AT: Final = 5_000  # movies whose scores do


def train(
    interactions: Interactions,
    catalogue: Catalogue,
    parameters: Parameters = Parameters(),  # noqa: B008  # frozen
    *,
    progress: Progress = lambda fraction, text: None,
) -> Model:
    """The same data and parameters make the same model. Takes two processors, one for each tower. Raises NothingToLearn, Diverged.

    Movies that nobody did anything with are no part of it, or it would learn that nobody likes them: `Model.with_items` places them.
    """
    known = interactions.compact()
    likes = known.where(known.liked)
    if not len(likes):
        raise NothingToLearn(f"there is no like among {len(interactions):,} interactions")
    names, features = feature_table(known.items, catalogue)
    table = with_identity(features)
    taste_step, trail_step = _steps(progress, "learning what is liked by whom, and what follows what")
    with ThreadPoolExecutor(2) as both:
        tasting = both.submit(train_taste, likes, table, parameters, taste_step)
        trailing = both.submit(train_trail, likes, parameters, trail_step)
        taste, trail = tasting.result(), trailing.result()
    progress(_TOWERS, "folding histories in")
    chosen = sp.csr_matrix((np.ones(len(likes), np.float32), (likes.user, likes.item)), shape=(len(likes.users), len(likes.items)))
    sources = np.hstack((ridge_map(chosen, taste.sources, parameters.taste.ridge), trail.sources)).astype(np.float32)
    progress(0.93, "finding neighbours")
    neighbours = find_neighbours(known, parameters.neighbours)
    progress(0.97, "bringing the parts to one scale")
    scales = _scales(_pasts(known, parameters), taste, trail, sources, neighbours, parameters)
    vectors = _joined(taste.vectors, trail.vectors, scales)
    feature_vectors = _joined(taste.features, np.zeros((len(names), trail.vectors.shape[1]), np.float32), scales)
    weights = Weights(
        known.items,
        vectors,
        sources,
        np.bincount(likes.item, minlength=len(known.items)).astype(np.int32),
        NeighbourTable(neighbours.place, neighbours.items, neighbours.weights * np.float32(scales[2])),
        names,
        features,
        feature_vectors,
        parameters.taste.components,
    )
    nearest = Nearest.over(vectors, parameters.seed) if len(known.items) > FEW else None
    progress(1.0, "trained")
    return Model.of(weights, Manifest(_version(known, catalogue, parameters), parameters, _cut(known)), nearest)


def _steps(progress: Progress, text: str) -> tuple[Step, Step]:
    """Both towers are trained at once: what is told is how far they are together."""
    done, lock = [0.0, 0.0], Lock()

    def step_of(tower: int) -> Step:
        def step(fraction: float) -> None:
            with lock:
                done[tower] = fraction
                progress(_TOWERS * sum(done) / 2, text)

        return step

    return step_of(0), step_of(1)


def _pasts(known: Interactions, parameters: Parameters) -> list[Past]:
    """Of some users with likes, evenly taken."""
    starts, liking = known.starts, np.unique(known.user[known.liked])
    pasts = []
    for user in liking[:: max(1, len(liking) // _ASKED)]:
        newest_first = slice(starts[user], starts[user + 1])
        pasts.append(past_of(known.item[newest_first][::-1].astype(np.intp), known.weight[newest_first][::-1], parameters))
    return pasts


def _scales(
    pasts: Sequence[Past], taste: Tower, trail: Tower, sources: Floats, table: NeighbourTable, parameters: Parameters
) -> tuple[float, float, float]:
    """What each part is multiplied with so that its scores deviate as far as its share says."""
    looked_at = slice(None, None, max(1, len(sources) // _LOOKED_AT))
    spreads = []
    for past in pasts:
        parts = []
        for tower, weights, columns in (
            (taste, past.taste, slice(None, parameters.taste.components)),
            (trail, past.trail, slice(parameters.taste.components, None)),
        ):
            user = weights @ sources[past.rows, columns]
            parts.append(float((tower.vectors[looked_at, :-1] @ user + tower.vectors[looked_at, -1]).std()))
        places = table.place[past.rows]
        speaking = places >= 0
        said = (table.weights[places[speaking]] * past.neighbours[speaking, None]).ravel()
        parts.append(float(np.bincount(table.items[places[speaking]].ravel(), said, len(sources))[looked_at].std()))
        spreads.append(parts)
    taste_spread, trail_spread, said_spread = np.mean(spreads, axis=0)
    shares = parameters.shares
    wanted = ((shares.taste, taste_spread), (shares.trail, trail_spread), (shares.neighbours, said_spread))
    first, second, third = (share / spread if spread > 0 else 0.0 for share, spread in wanted)
    return float(first), float(second), float(third)


def _joined(taste: Floats, trail: Floats, scales: tuple[float, float, float]) -> Floats:
    bias = scales[0] * taste[:, -1:] + scales[1] * trail[:, -1:]
    return np.ascontiguousarray(np.hstack((scales[0] * taste[:, :-1], scales[1] * trail[:, :-1], bias)), dtype=np.float32)


def _cut(known: Interactions) -> DataCut:
    likes = int(known.liked.sum())
    return DataCut(len(known.users), len(known.items), len(known), likes, float(known.time.min()), float(known.time.max()))


def _version(known: Interactions, catalogue: Catalogue, parameters: Parameters) -> str:
    digest = hashlib.sha256(json.dumps([asdict(parameters), known.users, known.items]).encode())
    digest.update(repr(sorted(catalogue.features.items())).encode())
    for column in (known.user, known.item, known.weight, known.time):
        digest.update(column.tobytes())
    return digest.hexdigest()[:12]
