"""How much an event of a history counts: the newest most."""

import numpy as np

from recommender_service.infrastructure.learning.arrays import Floats


def fading(count: int, pace: float, floor: float = 0.0) -> Floats:
    """Weights from the newest to the oldest: floor + (1 − floor)·exp(−k/pace)."""
    return np.asarray(floor + (1 - floor) * np.exp(-np.arange(count) / pace), np.float32)
