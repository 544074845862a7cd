"""Movies as far as lists have to know them: what they were last called, and whether they are still there."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class KnownMovie:
    """As the catalogue last told; one that it never told about has neither title nor year."""

    movie: str
    title: str = ""
    release_year: int = 0
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class CatalogueMovie:
    """What the catalogue told at `update_time`."""

    movie: str
    title: str
    original_title: str
    release_year: int
    deleted: bool
    update_time: datetime

    @property
    def known(self) -> KnownMovie:
        return KnownMovie(self.movie, self.title, self.release_year, self.deleted)


def title_key(title: str) -> str:
    """The same for titles that differ in case and spaces only."""
    return " ".join(title.casefold().split())
