"""Training: two towers, a map into the first, and neighbours."""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from threading import Lock
from typing import Final

import numpy as np
import scipy.sparse as sp

from recommender_service.infrastructure.learning.assembling import Parts, assembled, pasts_of
from recommender_service.infrastructure.learning.data import Catalogue, Interactions
from recommender_service.infrastructure.learning.errors import NothingToLearn
from recommender_service.infrastructure.learning.features import feature_table, with_identity
from recommender_service.infrastructure.learning.folding import ridge_map
from recommender_service.infrastructure.learning.manifest import DataCut, Manifest
from recommender_service.infrastructure.learning.model import Model
from recommender_service.infrastructure.learning.neighbours import find_neighbours
from recommender_service.infrastructure.learning.parameters import Parameters
from recommender_service.infrastructure.learning.towers import Step, train_taste, train_trail

Progress = Callable[[float, str], None]

_TOWERS: Final = 0.9  # of the time of a training


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
    parts = Parts(
        known.items,
        names,
        features,
        taste.vectors,
        taste.features,
        trail.vectors,
        sources,
        neighbours,
        np.bincount(likes.item, minlength=len(known.items)).astype(np.int32),
    )
    manifest = Manifest(_version(known, catalogue, parameters), parameters, _cut(known))
    model = assembled(parts, pasts_of(known, parameters), manifest)
    progress(1.0, "trained")
    return model


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


def _cut(known: Interactions) -> DataCut:
    likes = int(known.liked.sum())
    return DataCut(len(known.users), len(known.items), len(known), likes, float(known.time.min()), float(known.time.max()))


def _version(known: Interactions, catalogue: Catalogue, parameters: Parameters) -> str:
    digest = hashlib.sha256(json.dumps([asdict(parameters), known.users, known.items]).encode())
    digest.update(repr(sorted(catalogue.features.items())).encode())
    for column in (known.user, known.item, known.weight, known.time):
        digest.update(column.tobytes())
    return digest.hexdigest()[:12]
