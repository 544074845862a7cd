"""The watchlist and the favourites in their table."""

from collections.abc import Sequence
from datetime import datetime

from library_service.application.ports import Added, Growth
from library_service.domain.marks import MOST_MARKS, Mark, Shelf
from library_service.infrastructure.postgres.collections import Counted, Kind, fitting
from library_service.infrastructure.postgres.movies import KNOWN_COLUMNS, joined, known_of
from library_service.infrastructure.postgres.paging import LatestFirst
from mesh.postgres.database import Database
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Row, Transaction

_COLUMNS = f"user_id, shelf, add_time, {KNOWN_COLUMNS}"
_OF_SHELF = "user_id = %(user)s AND shelf = %(shelf)s"

_FIND = text_statement(f"SELECT {_COLUMNS} FROM {joined('marks')} WHERE {_OF_SHELF} AND movie_id = %(movie)s")  # noqa: S608  # constants of ours
_THERE = text_statement(f"SELECT movie_id FROM marks WHERE {_OF_SHELF} AND movie_id = ANY (%(movies)s)")  # noqa: S608  # constants of ours
# Under the lock of the collection none of them can be there.
_ADD = text_statement("""
    INSERT INTO marks (user_id, shelf, movie_id, add_time)
    SELECT %(user)s, %(shelf)s, movie_id, add_time FROM unnest(%(movies)s::text[], %(times)s::timestamptz[]) AS new (movie_id, add_time)
""")
_REMOVE = text_statement(f"""
    WITH gone AS (DELETE FROM marks WHERE {_OF_SHELF} AND movie_id = %(movie)s RETURNING *)
    SELECT {_COLUMNS} FROM {joined("gone")}
""")  # noqa: S608  # constants of ours
_LATEST = LatestFirst(_COLUMNS, joined("marks"), _OF_SHELF, "add_time", "movie_id")


def _mark_of(row: Row) -> Mark:
    return Mark(row[0], Shelf(row[1]), known_of(row[3:]), row[2])


class PostgresMarks:
    """The port Marks."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, user: str, shelf: Shelf, movies: Sequence[Added]) -> Growth[Mark]:
        counted = Counted(self._transaction, user, _KINDS[shelf])
        room = MOST_MARKS - await counted.lock()
        key = {"user": user, "shelf": shelf.value}
        rows = await self._transaction.fetch_all(_THERE, **key, movies=[each.movie.movie for each in movies])
        new, refused = fitting(movies, {row[0] for row in rows}, room, lambda each: each.movie.movie)
        if new:
            await self._transaction.execute(_ADD, **key, movies=[each.movie.movie for each in new], times=[each.time for each in new])
        await counted.change(len(new))
        return Growth([Mark(user, shelf, each.movie, each.time) for each in new], refused)

    async def find(self, user: str, shelf: Shelf, movie: str) -> Mark | None:
        row = await self._transaction.fetch_one(_FIND, user=user, shelf=shelf.value, movie=movie)
        return None if row is None else _mark_of(row)

    async def remove(self, user: str, shelf: Shelf, movie: str) -> Mark | None:
        counted = Counted(self._transaction, user, _KINDS[shelf])
        await counted.lock()
        row = await self._transaction.fetch_one(_REMOVE, user=user, shelf=shelf.value, movie=movie)
        if row is None:
            return None
        await counted.change(-1)
        return _mark_of(row)


_KINDS = {Shelf.WATCHLIST: Kind.WATCHLIST, Shelf.FAVORITES: Kind.FAVORITES}


class PostgresMarkReader:
    """The port MarkReader."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def mark(self, user: str, shelf: Shelf, movie: str) -> Mark | None:
        row = await self._database.fetch_one(_FIND, user=user, shelf=shelf.value, movie=movie)
        return None if row is None else _mark_of(row)

    async def page(self, user: str, shelf: Shelf, limit: int, after: tuple[datetime, str] | None) -> Sequence[Mark]:
        return [_mark_of(row) for row in await _LATEST.page(self._database, limit, after, user=user, shelf=shelf.value)]
