"""How quickly one list is made, over so many movies; and how long a training takes."""

import statistics
import time

import numpy as np
import scipy.sparse as sp

from bench.measuring import Figure
from bench.recommender.datasets import made_up
from recommender_service.infrastructure.learning.arrays import Rows
from recommender_service.infrastructure.learning.data import LIKE, HistoryEvent
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
_GROUPS = 200


def serving() -> list[Figure]:
    figures = []
    for movies, at_most in _MOST.items():
        model, histories = of_size(movies)
        walls, cpus = _times(model, histories)
        figures.append(Figure(f"top 10 of {movies:,} movies: p50", statistics.median(walls), "ms", at_most=at_most))
        figures.append(Figure(f"top 10 of {movies:,} movies: CPU", statistics.median(cpus), "ms"))
        if model.nearest is None:
            figures.append(_changed_list(model, histories))
        else:
            exact = Model.of(model.shelf.trained, model.manifest)
            shared = [len({*model.rank(each, 10).items} & {*exact.rank(each, 10).items}) / 10 for each in histories[:50]]
            figures.append(Figure(f"top 10 of {movies:,} movies: recall of the index", statistics.fmean(shared)))
    return figures


def training_a_million() -> list[Figure]:
    data, catalogue = made_up(6_000, 3_700, 1_000_000)
    began, busy = time.perf_counter(), time.process_time()
    train(data, catalogue)
    name = f"training, {len(data):,} made-up ratings"
    wall = time.perf_counter() - began
    return [Figure(name, wall, "s", at_most=240), Figure(f"{name}: CPU", time.process_time() - busy, "s")]


def of_size(movies: int) -> tuple[Model, list[list[HistoryEvent]]]:
    """Vectors in groups, as tastes are, a bias that few movies have much of, and histories that keep to three groups each."""
    draw = np.random.default_rng(1)
    parameters = Parameters()
    width = parameters.taste.components + parameters.trail.components
    groups = draw.normal(size=(_GROUPS, width)).astype(np.float32)
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
        place,
        known[draw.integers(0, len(known), (len(known), _KEPT))].astype(np.int32),
        draw.random((len(known), _KEPT), np.float32) / np.float32(50),
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
    return Model.of(weights, Manifest("bench", parameters, DataCut(0, movies, 0, 0, 0, 0)), nearest), [
        _history(draw, group) for _ in range(_ASKED)
    ]


def _history(draw: np.random.Generator, group: Rows) -> list[HistoryEvent]:
    liked = draw.choice(np.flatnonzero(np.isin(group, draw.integers(0, _GROUPS, 3))), _LIKES)
    return [HistoryEvent(str(item), LIKE, when) for when, item in enumerate(liked)]


def _changed_list(model: Model, histories: list[list[HistoryEvent]]) -> Figure:
    """From an event to the list that knows of it."""
    times = []
    for history in histories:
        before = model.rank(history, 10)
        event = HistoryEvent(before.items[0], LIKE, 1e9)
        began = time.perf_counter()
        after = model.rank([*history, event], 10)
        times.append((time.perf_counter() - began) * 1e3)
        if after == before:
            raise SystemExit("an event did not change the list")
    return Figure("event to changed list, in process: p99", sorted(times)[len(times) * 99 // 100], "ms", at_most=10)


def _times(model: Model, histories: list[list[HistoryEvent]]) -> tuple[list[float], list[float]]:
    """Milliseconds of each list, wall and CPU; the first ones only warm up."""
    walls, cpus = [], []
    for turn, history in enumerate([*histories[:50], *histories]):
        began, busy = time.perf_counter(), time.thread_time()
        model.rank(history, 10)
        if turn >= 50:
            walls.append((time.perf_counter() - began) * 1e3)
            cpus.append((time.thread_time() - busy) * 1e3)
    return walls, cpus
