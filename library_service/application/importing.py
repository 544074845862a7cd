"""Rows of a file, put on a list: which movie each of them means, and what becomes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from library_service.application.list_commands import mark_movies
from library_service.application.playlist_commands import append_to_playlist
from library_service.application.ports import Added, UnitOfWork
from library_service.application.viewing_commands import add_watched
from library_service.domain.csv_reading import Rejected, Row
from library_service.domain.marks import Shelf
from library_service.domain.movies import KnownMovie


@dataclass(frozen=True, slots=True)
class ListName:
    """A list of a user: a shelf, a playlist by its id, or the history when it is neither."""

    user: str
    shelf: Shelf | None = None
    playlist: str = ""

    @property
    def is_history(self) -> bool:
        return self.shelf is None and not self.playlist


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a batch of rows."""

    added: int
    unchanged: int
    rejected: Sequence[Rejected]


async def import_rows(uow: UnitOfWork, target: ListName, rows: Sequence[Row], now: datetime) -> Imported:
    """In the order of the file. A movie that is named twice is added once."""
    named = await uow.movies.named(rows)
    wanted: dict[str, tuple[Row, Added]] = {}
    rejected: list[Rejected] = []
    for row in rows:
        meant = _only(row, named.get(row.line, ()))
        if isinstance(meant, Rejected):
            rejected.append(meant)
        else:
            wanted.setdefault(meant.movie, (row, Added(meant, row.time or now)))
    added, refused = await _store(uow, target, [each for _, each in wanted.values()])
    full = [
        Rejected(wanted[movie][0].line, wanted[movie][0].text, "TOO_MANY_ITEMS", "is one too many: the list is full") for movie in refused
    ]
    return Imported(added, len(rows) - len(rejected) - added - len(full), [*rejected, *full])


def _only(row: Row, movies: Sequence[KnownMovie]) -> KnownMovie | Rejected:
    match movies:
        case [movie]:
            return movie
        case []:
            return Rejected(row.line, row.text, "MOVIE_NOT_FOUND", "names a movie that is not in the catalogue")
        case _:
            choice = ", ".join(sorted(each.movie for each in movies)[:5])
            return Rejected(row.line, row.text, "MOVIE_AMBIGUOUS", f"names several movies of the catalogue, such as {choice}")


async def _store(uow: UnitOfWork, target: ListName, movies: Sequence[Added]) -> tuple[int, Sequence[str]]:
    if target.shelf is not None:
        marks = await mark_movies(uow, target.user, target.shelf, movies)
        return len(marks.new), marks.refused
    if target.playlist:
        entries = await append_to_playlist(uow, target.user, target.playlist, movies)
        return len(entries.new), entries.refused
    viewings = await add_watched(uow, target.user, movies)
    return len(viewings.new), viewings.refused
