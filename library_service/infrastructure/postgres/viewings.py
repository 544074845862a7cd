"""The viewing history in its table."""

from collections.abc import Sequence
from datetime import datetime

from library_service.application.ports import Growth
from library_service.domain.viewings import MOST_VIEWINGS, Viewing
from library_service.infrastructure.postgres.collections import Counted, Kind, fitting
from library_service.infrastructure.postgres.movies import KNOWN_COLUMNS, joined, known_of
from library_service.infrastructure.postgres.paging import LatestFirst
from mesh.postgres.database import Database
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Row, Transaction

_COLUMNS = f"user_id, position, duration, finished, view_count, view_time, {KNOWN_COLUMNS}"

_FIND = text_statement(f"SELECT {_COLUMNS} FROM {joined('viewings')} WHERE user_id = %(user)s AND movie_id = %(movie)s")  # noqa: S608  # constants of ours
_THERE = text_statement("SELECT movie_id FROM viewings WHERE user_id = %(user)s AND movie_id = ANY (%(movies)s)")
# Under the lock of the collection none of them can be there.
_ADD = text_statement("""
    INSERT INTO viewings (user_id, movie_id, position, duration, finished, view_count, view_time)
    SELECT %(user)s, * FROM unnest(
        %(movies)s::text[], %(positions)s::interval[], %(durations)s::interval[], %(finished)s::boolean[], %(counts)s::int[],
        %(times)s::timestamptz[]
    )
""")
_SAVE = text_statement("""
    UPDATE viewings SET position = %(position)s, duration = %(duration)s, finished = %(finished)s, view_count = %(view_count)s,
        view_time = %(view_time)s
    WHERE user_id = %(user)s AND movie_id = %(movie)s
""")
_REMOVE = text_statement(f"""
    WITH gone AS (DELETE FROM viewings WHERE user_id = %(user)s AND movie_id = %(movie)s RETURNING *)
    SELECT {_COLUMNS} FROM {joined("gone")}
""")  # noqa: S608  # constants of ours
_CLEAR = text_statement("DELETE FROM viewings WHERE user_id = %(user)s")

_OF_USER = "user_id = %(user)s"
_BEGUN_ONLY = f"{_OF_USER} AND NOT finished AND m.deleted IS NOT TRUE"
_LATEST = LatestFirst(_COLUMNS, joined("viewings"), _OF_USER, "view_time", "movie_id")
_BEGUN = LatestFirst(_COLUMNS, joined("viewings"), _BEGUN_ONLY, "view_time", "movie_id")


def _viewing_of(row: Row) -> Viewing:
    user, position, duration, finished, view_count, view_time = row[:6]
    return Viewing(user, known_of(row[6:]), position, duration, finished, view_count, view_time)


class PostgresViewings:
    """The port Viewings. Whoever changes a user's history holds the lock of its collection."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def lock(self, user: str, movie: str) -> Viewing | None:
        await self._counted(user).lock()
        row = await self._transaction.fetch_one(_FIND, user=user, movie=movie)
        return None if row is None else _viewing_of(row)

    async def save(self, viewing: Viewing) -> None:
        await self._transaction.execute(
            _SAVE,
            user=viewing.user,
            movie=viewing.movie.movie,
            position=viewing.position,
            duration=viewing.duration,
            finished=viewing.finished,
            view_count=viewing.view_count,
            view_time=viewing.view_time,
        )

    async def add(self, user: str, viewings: Sequence[Viewing]) -> Growth[Viewing]:
        counted = self._counted(user)
        room = MOST_VIEWINGS - await counted.lock()
        rows = await self._transaction.fetch_all(_THERE, user=user, movies=[each.movie.movie for each in viewings])
        new, refused = fitting(viewings, {row[0] for row in rows}, room, lambda each: each.movie.movie)
        if new:
            await self._transaction.execute(
                _ADD,
                user=user,
                movies=[each.movie.movie for each in new],
                positions=[each.position for each in new],
                durations=[each.duration for each in new],
                finished=[each.finished for each in new],
                counts=[each.view_count for each in new],
                times=[each.view_time for each in new],
            )
        await counted.change(len(new))
        return Growth(new, refused)

    async def remove(self, user: str, movie: str) -> Viewing | None:
        counted = self._counted(user)
        await counted.lock()
        row = await self._transaction.fetch_one(_REMOVE, user=user, movie=movie)
        if row is None:
            return None
        await counted.change(-1)
        return _viewing_of(row)

    async def clear(self, user: str) -> int:
        counted = self._counted(user)
        await counted.lock()
        removed = await self._transaction.execute(_CLEAR, user=user)
        await counted.change(-removed)
        return removed

    def _counted(self, user: str) -> Counted:
        return Counted(self._transaction, user, Kind.HISTORY)


class PostgresViewingReader:
    """The port ViewingReader."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def viewing(self, user: str, movie: str) -> Viewing | None:
        row = await self._database.fetch_one(_FIND, user=user, movie=movie)
        return None if row is None else _viewing_of(row)

    async def page(self, user: str, limit: int, after: tuple[datetime, str] | None) -> Sequence[Viewing]:
        return [_viewing_of(row) for row in await _LATEST.page(self._database, limit, after, user=user)]

    async def begun(self, user: str, limit: int, after: tuple[datetime, str] | None) -> Sequence[Viewing]:
        return [_viewing_of(row) for row in await _BEGUN.page(self._database, limit, after, user=user)]
