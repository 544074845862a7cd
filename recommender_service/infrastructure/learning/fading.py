"""How much an event of a history counts: the newest most."""

from functools import lru_cache

import numpy as np

from recommender_service.infrastructure.learning.arrays import Floats


@lru_cache(maxsize=2_000)  # a list needs three of them, and would spend a tenth of its time here
def fading(count: int, pace: float, floor: float = 0.0) -> Floats:
    """Weights from the newest to the oldest: floor + (1 − floor)·exp(−k/pace). Shared, so nobody may write into it."""
    weights = np.asarray(floor + (1 - floor) * np.exp(-np.arange(count) / pace), np.float32)
    weights.flags.writeable = False
    return weights
