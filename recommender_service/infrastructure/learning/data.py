"""What training takes: interactions as columns of numbers, and the features of movies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender_service.infrastructure.learning.arrays import Floats, Mask, Rows

LIKE: Final = 1.0  # a weight from here on says "more like this"; below it the movie is known to the user, and counts a little
WEAK: Final = 0.3  # what a rating below 4 counts: the movie was chosen, after all


class Interaction(NamedTuple):
    """One thing that a user did with a movie. `weight` is from 0 to 1, see LIKE; `time` in seconds since 1970."""

    user: str
    item: str
    weight: float
    time: float


class HistoryEvent(NamedTuple):
    """The same of one known user: what ranking takes. Events of the same time count in the order in which they are given."""

    item: str
    weight: float = LIKE
    time: float = 0.0


@dataclass(frozen=True, slots=True)
class Interactions:
    """Columns in order of (user, time, item), one row for each user and item: of repetitions the last one.

    `user` and `item` are rows of the tables of ids.
    """

    users: tuple[str, ...]
    items: tuple[str, ...]
    user: NDArray[np.int32]
    item: NDArray[np.int32]
    weight: Floats
    time: NDArray[np.float64]

    @classmethod
    def of(cls, rows: Iterable[Interaction], items: Iterable[str] = ()) -> "Interactions":
        """`items` have a place in the table whether anybody knows them or not."""
        item_rows = {item: row for row, item in enumerate(dict.fromkeys(items))}
        user_rows: dict[str, int] = {}
        numbers = np.fromiter(
            (
                (user_rows.setdefault(row.user, len(user_rows)), item_rows.setdefault(row.item, len(item_rows)), row.weight, row.time)
                for row in rows
            ),
            dtype=[("user", np.int32), ("item", np.int32), ("weight", np.float32), ("time", np.float64)],
        )
        if not (np.isfinite(numbers["weight"]).all() and np.isfinite(numbers["time"]).all()):
            raise ValueError("a weight or time is not a number")
        columns = (numbers["user"], numbers["item"], np.clip(numbers["weight"], 0, LIKE), numbers["time"])
        return cls(tuple(user_rows), tuple(item_rows), *columns)._in_order()

    def _in_order(self) -> "Interactions":
        by_time = np.lexsort((self.time, self.item, self.user))
        user, item = self.user[by_time], self.item[by_time]
        last = np.ones(len(by_time), dtype=bool)
        last[:-1] = (user[1:] != user[:-1]) | (item[1:] != item[:-1])
        kept = by_time[last]
        return self._at(kept[np.lexsort((self.item[kept], self.time[kept], self.user[kept]))])

    def where(self, chosen: Mask) -> "Interactions":
        """The chosen rows, over the same tables of ids."""
        return self._at(np.flatnonzero(chosen))

    def compact(self) -> "Interactions":
        """The same without the movies that nobody did anything with."""
        kept, item = np.unique(self.item, return_inverse=True)
        return replace(self, items=tuple(self.items[row] for row in kept), item=item.astype(np.int32))

    def _at(self, rows: Rows) -> "Interactions":
        return Interactions(self.users, self.items, self.user[rows], self.item[rows], self.weight[rows], self.time[rows])

    @property
    def liked(self) -> Mask:
        return self.weight >= LIKE

    @property
    def starts(self) -> Rows:
        """Where each user's rows begin, and after the last user the end."""
        return np.searchsorted(self.user, np.arange(len(self.users) + 1))

    def starts_of(self, user: int) -> tuple[int, int]:
        """The begin and the end of one user's rows."""
        begin, end = np.searchsorted(self.user, (user, user + 1))
        return int(begin), int(end)

    def __len__(self) -> int:
        return len(self.user)


class Features(NamedTuple):
    """What is known of a movie before anybody has seen it. Year 0 is unknown."""

    genres: tuple[str, ...] = ()
    year: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        dated = (f"year:{self.year}", f"decade:{self.year // 10 * 10}") if self.year > 0 else ()
        return (*(f"genre:{genre}" for genre in self.genres), *dated)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Features by movie; of a movie that it does not have nothing is known."""

    features: Mapping[str, Features] = field(default_factory=dict)
