"""What the arrays hold."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
Scores: TypeAlias = NDArray[np.floating[Any]]  # of movies; −∞ is no candidate
Rows: TypeAlias = NDArray[np.intp]  # places of movies
Mask: TypeAlias = NDArray[np.bool_]
