"""How quickly one list is made, over so many movies; and how long a training takes."""

import statistics
import time
from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from bench.measuring import Figure
from bench.recommender.datasets import made_up
from recommender_service.infrastructure.learning.data import HistoryEvent
from recommender_service.infrastructure.learning.manifest import DataCut, Manifest
from recommender_service.infrastructure.learning.model import Model
from recommender_service.infrastructure.learning.nearest import FEW, Nearest
from recommender_service.infrastructure.learning.neighbours import NeighbourTable
from recommender_service.infrastructure.learning.parameters import Parameters
from recommender_service.infrastructure.learning.train import train
from recommender_service.infrastructure.learning.weights import Weights

_LIKES = 20  # in the histories that are asked with
_NEIGHBOURS, _KEPT = 8_000, 200
_MOST = {10_000: 0.15, 100_000: 1.0, 1_000_000: 3.0}  # ms
_ASKED = 300


def serving() -> list[Figure]:
    figures = []
    for movies, at_most in _MOST.items():
        model = of_size(movies)
        draw = np.random.default_rng(2)
        histories = [
            [HistoryEvent(str(item), 1.0, when) for when, item in enumerate(draw.integers(0, movies, _LIKES))] for _ in range(_ASKED)
        ]
        walls, cpus = _times([lambda history=history: model.rank(history, 10) for history in histories])  # type: ignore[misc]
        figures.append(Figure(f"top 10 of {movies:,} movies: p50", statistics.median(walls), "ms", at_most=at_most))
        figures.append(Figure(f"top 10 of {movies:,} movies: CPU", statistics.fmean(cpus), "ms"))
        if model.nearest is not None:
            exact = Model.of(model.shelf.trained, model.manifest)
            shared = [len({*model.rank(history, 10).items} & {*exact.rank(history, 10).items}) / 10 for history in histories[:50]]
            figures.append(Figure(f"top 10 of {movies:,} movies: recall of the index", statistics.fmean(shared)))
    figures.append(_changed_list(of_size(10_000)))
    return figures


def training_a_million() -> list[Figure]:
    data, catalogue = made_up(6_000, 3_700, 1_000_000)
    began, busy = time.perf_counter(), time.process_time()
    train(data, catalogue)
    name = f"training, {len(data):,} made-up ratings"
    wall = time.perf_counter() - began
    return [Figure(name, wall, "s", at_most=240), Figure(f"{name}: CPU", time.process_time() - busy, "s")]


def of_size(movies: int) -> Model:
    """Vectors in groups, as tastes are, and a bias that few movies have much of. What is measured does not depend on what they mean."""
    draw = np.random.default_rng(1)
    parameters = Parameters()
    width = parameters.taste.components + parameters.trail.components
    groups = draw.normal(size=(200, width)).astype(np.float32)
    vectors = np.empty((movies, width + 1), np.float32)
    group = draw.integers(0, len(groups), movies)
    for start in range(0, movies, 100_000):
        part = slice(start, start + 100_000)
        noise = draw.standard_normal((len(group[part]), width), np.float32)
        vectors[part, :-1] = (groups[group[part]] + 0.7 * noise) / width**0.5
        vectors[part, -1] = draw.exponential(0.3, len(group[part]))
    known = draw.permutation(movies)[:_NEIGHBOURS]
    place = np.full(movies, -1, np.int32)
    place[known] = np.arange(len(known))
    table = NeighbourTable(
        place, known[draw.integers(0, len(known), (len(known), _KEPT))].astype(np.int32), draw.random((len(known), _KEPT), np.float32) / 50
    )
    weights = Weights(
        tuple(map(str, range(movies))),
        vectors,
        np.ascontiguousarray(vectors[:, :-1]),
        np.ones(movies, np.int32),
        table,
        (),
        sp.csr_matrix((movies, 0), dtype=np.float32),
        np.zeros((0, width + 1), np.float32),
        parameters.taste.components,
    )
    nearest = Nearest.over(vectors, 1) if movies > FEW else None
    return Model.of(weights, Manifest("bench", parameters, DataCut(0, movies, 0, 0, 0, 0)), nearest)


def _changed_list(model: Model) -> Figure:
    """From an event to the list that knows of it."""
    history = [HistoryEvent(str(item), 1.0, item) for item in range(_LIKES)]
    before = model.rank(history, 10)
    times = []
    for item in range(1_000, 1_000 + _ASKED):
        began = time.perf_counter()
        after = model.rank([*history, HistoryEvent(str(item), 1.0, 1e9)], 10)
        times.append((time.perf_counter() - began) * 1e3)
        if after == before:
            raise SystemExit("an event did not change the list")
    return Figure("event to changed list, in process: p99", sorted(times)[len(times) * 99 // 100], "ms", at_most=10)


def _times(calls: list[Callable[[], object]]) -> tuple[list[float], list[float]]:
    """Milliseconds of each, wall and CPU; a part of them warms up first."""
    walls, cpus = [], []
    for turn, call in enumerate([*calls[:50], *calls]):
        began, busy = time.perf_counter(), time.thread_time()
        call()
        if turn >= 50:
            walls.append((time.perf_counter() - began) * 1e3)
            cpus.append((time.thread_time() - busy) * 1e3)
    return walls, cpus
