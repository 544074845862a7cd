"""How much an event of a history counts: the newest most."""

import numpy as np
from numpy.typing import NDArray


def fading(count: int, pace: float, floor: float = 0.0) -> NDArray[np.float32]:
    """Weights from the newest to the oldest: floor + (1 − floor)·exp(−k/pace)."""
    return (floor + (1 - floor) * np.exp(-np.arange(count, dtype=np.float32) / pace)).astype(np.float32)
