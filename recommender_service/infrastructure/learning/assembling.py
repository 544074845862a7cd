"""From the parts that a backend has learned to one model: brought to one scale, and into one inner product."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender_service.infrastructure.learning.arrays import Floats
from recommender_service.infrastructure.learning.data import Interactions
from recommender_service.infrastructure.learning.manifest import Manifest
from recommender_service.infrastructure.learning.model import Model
from recommender_service.infrastructure.learning.nearest import FEW, Nearest
from recommender_service.infrastructure.learning.neighbours import NeighbourTable
from recommender_service.infrastructure.learning.parameters import Parameters
from recommender_service.infrastructure.learning.past import Past, past_of
from recommender_service.infrastructure.learning.weights import Weights

_ASKED: Final = 400  # users whose scores set the scale
_LOOKED_AT: Final = 5_000  # movies whose scores do


@dataclass(frozen=True, slots=True)
class Parts:
    """`taste` and `trail` are the movies' side, the last column of each the bias; `taste_features` that of the names. `sources` is what a
    like adds to the user's side, taste and then trail. `likes` counts users."""

    items: tuple[str, ...]
    names: tuple[str, ...]
    features: sp.csr_matrix
    taste: Floats
    taste_features: Floats
    trail: Floats
    sources: Floats
    neighbours: NeighbourTable
    likes: NDArray[np.int32]


def assembled(parts: Parts, pasts: Sequence[Past], manifest: Manifest) -> Model:
    """`pasts` are those of some users with likes: their scores say how far the parts deviate."""
    parameters = manifest.parameters
    scales = _scales(pasts, parts, parameters)
    vectors = _joined(parts.taste, parts.trail, scales)
    no_trail = np.zeros((len(parts.names), parts.trail.shape[1]), np.float32)
    table = parts.neighbours
    weights = Weights(
        parts.items,
        vectors,
        parts.sources,
        parts.likes,
        NeighbourTable(table.place, table.items, table.weights * np.float32(scales[2])),
        parts.names,
        parts.features,
        _joined(parts.taste_features, no_trail, scales),
        parameters.taste.components,
    )
    nearest = Nearest.over(vectors, parameters.seed) if len(parts.items) > FEW else None
    return Model.of(weights, manifest, nearest)


def pasts_of(known: Interactions, parameters: Parameters) -> list[Past]:
    """Of some users with likes, evenly taken."""
    starts, liking = known.starts, np.unique(known.user[known.liked])
    pasts = []
    for user in liking[:: max(1, len(liking) // _ASKED)]:
        newest_first = slice(starts[user], starts[user + 1])
        pasts.append(past_of(known.item[newest_first][::-1].astype(np.intp), known.weight[newest_first][::-1], parameters))
    return pasts


def _scales(pasts: Sequence[Past], parts: Parts, parameters: Parameters) -> tuple[float, float, float]:
    """What each part is multiplied with so that its scores deviate as far as its share says."""
    looked_at = slice(None, None, max(1, len(parts.sources) // _LOOKED_AT))
    table = parts.neighbours
    spreads = []
    for past in pasts:
        found = []
        for vectors, weights, columns in (
            (parts.taste, past.taste, slice(None, parameters.taste.components)),
            (parts.trail, past.trail, slice(parameters.taste.components, None)),
        ):
            user = weights @ parts.sources[past.rows, columns]
            found.append(float((vectors[looked_at, :-1] @ user + vectors[looked_at, -1]).std()))
        places = table.place[past.rows]
        speaking = places >= 0
        said = (table.weights[places[speaking]] * past.neighbours[speaking, None]).ravel()
        found.append(float(np.bincount(table.items[places[speaking]].ravel(), said, len(parts.sources))[looked_at].std()))
        spreads.append(found)
    taste_spread, trail_spread, said_spread = np.mean(spreads, axis=0)
    shares = parameters.shares
    wanted = ((shares.taste, taste_spread), (shares.trail, trail_spread), (shares.neighbours, said_spread))
    first, second, third = (share / spread if spread > 0 else 0.0 for share, spread in wanted)
    return float(first), float(second), float(third)


def _joined(taste: Floats, trail: Floats, scales: tuple[float, float, float]) -> Floats:
    bias = scales[0] * taste[:, -1:] + scales[1] * trail[:, -1:]
    return np.ascontiguousarray(np.hstack((scales[0] * taste[:, :-1], scales[1] * trail[:, :-1], bias)), dtype=np.float32)
