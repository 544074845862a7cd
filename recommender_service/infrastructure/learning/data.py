"""What training takes: interactions as columns of numbers, and the features of movies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

LIKE: Final = 1.0  # a weight from here on says "more like this"; below it only hides the movie and counts a little
WEAK: Final = 0.3  # what a rating below 4 counts in the item-item history: it was chosen, after all


class Interaction(NamedTuple):
    """One thing that a user did with a movie. `weight` is between 0 and 1, see LIKE; `time` in seconds since 1970."""

    user: str
    item: str
    weight: float
    time: float


class HistoryEvent(NamedTuple):
    """The same of one known user: what ranking takes, in any order."""

    item: str
    weight: float = LIKE
    time: float = 0.0


@dataclass(frozen=True, slots=True)
class Interactions:
    """Columns in order of (time, item) within each user, users one after the other; of repetitions the last counts.

    `user` and `item` are rows of the id tables `users` and `items`.
    """

    users: tuple[str, ...]
    items: tuple[str, ...]
    user: NDArray[np.int32]
    item: NDArray[np.int32]
    weight: NDArray[np.float32]
    time: NDArray[np.float64]

    @classmethod
    def of(cls, rows: Iterable[Interaction]) -> "Interactions":
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.user)


class Features(NamedTuple):
    """What is known of a movie before anybody has seen it. Year 0 is unknown."""

    genres: tuple[str, ...] = ()
    year: int = 0


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Features by movie. Movies without interactions belong to it too: they are recommended by their features."""

    features: Mapping[str, Features] = field(default_factory=dict)
