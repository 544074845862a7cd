"""A history as numbers: which movies, and how much each counts in each part of the model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from recommender_service.infrastructure.learning.arrays import Floats, Rows
from recommender_service.infrastructure.learning.data import LIKE, HistoryEvent
from recommender_service.infrastructure.learning.fading import fading
from recommender_service.infrastructure.learning.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Past:
    """Known movies of a history, the newest first, with a weight for each in each part; what has no say in one weighs 0 there."""

    rows: Rows
    taste: Floats
    trail: Floats
    neighbours: Floats
    unknown: tuple[str, ...]


def read_past(history: Sequence[HistoryEvent], row_of: Callable[[str], int | None], parameters: Parameters) -> Past:
    """Of several events with one movie the newest counts."""
    newest_first = sorted(history, key=lambda event: event.time)[::-1]
    found: dict[int, float] = {}
    unknown: dict[str, None] = {}
    for event in newest_first:
        if (row := row_of(event.item)) is None:
            unknown[event.item] = None
        else:
            found.setdefault(row, event.weight)
    rows = np.fromiter(found.keys(), np.intp, len(found))
    return past_of(rows, np.fromiter(found.values(), np.float32, len(found)), parameters, tuple(unknown))


def past_of(rows: Rows, weights: Floats, parameters: Parameters, unknown: tuple[str, ...] = ()) -> Past:
    """Of distinct movies, the newest first."""
    weights = np.where(weights > 0, np.minimum(weights, np.float32(LIKE)), np.float32(0))  # a NaN is nothing, too
    liked = np.flatnonzero(weights >= LIKE)
    taste, trail, neighbours = (np.zeros(len(rows), np.float32) for _ in range(3))
    if count := len(liked):
        faded = fading(count, parameters.taste.fading, parameters.taste.floor)
        taste[liked] = faded * (count / faded.sum())  # training saw sums of whole likes
        recent = liked[: parameters.trail.length]
        faded = fading(len(recent), parameters.trail.fading)
        trail[recent] = faded / faded.sum()
    near = min(len(rows), parameters.neighbours.history)
    neighbours[:near] = weights[:near] * fading(near, parameters.neighbours.fading, parameters.neighbours.floor)
    return Past(rows, taste, trail, neighbours, tuple(unknown))
