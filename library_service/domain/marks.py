"""Lists without an order of their own: a movie is on one or not."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from library_service.domain.movies import KnownMovie

MOST_MARKS: Final = 10_000


class Shelf(Enum):
    """Which list; the numbers are stored."""

    WATCHLIST = 1
    FAVORITES = 2

    @property
    def list_name(self) -> str:
        """As in the names of its items."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Mark:
    """A movie on a list of a user."""

    user: str
    shelf: Shelf
    movie: KnownMovie
    add_time: datetime
