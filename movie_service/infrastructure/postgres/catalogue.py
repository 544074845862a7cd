"""Movies as they are now, straight from the pool; keyset pages."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cache

from mesh.gathering import Gathering
from mesh.postgres.database import Database
from mesh.postgres.statements import Statement, text_statement
from movie_service.application.ports import Listing, Order, Position
from movie_service.domain.movie import Movie
from movie_service.infrastructure.postgres.rows import COLUMNS, to_movie

_SELECT = f"SELECT {', '.join(COLUMNS)} FROM movies"  # noqa: S608  # constants of ours
_MANY = text_statement(f"{_SELECT} WHERE id = ANY (%(ids)s)")
_LATEST = text_statement("""
    SELECT id FROM movies
    WHERE delete_time IS NULL AND release_year BETWEEN 1 AND %(year)s AND (release_date IS NULL OR release_date <= %(until)s)
    ORDER BY release_year DESC, release_date DESC NULLS LAST, id LIMIT %(size)s
""")
_AT_ONCE = 50  # rows that are made into movies without a pause
# What an order compares, and the same of the place to go on from; each begins with what its index begins with.
_SORTING = {
    Order.ID: ("id", "%(id)s"),
    Order.TITLE: ("lower(title), id", "lower(%(value)s), %(id)s"),  # upper and lower case side by side
    Order.RELEASE_YEAR: ("release_year, id", "%(value)s, %(id)s"),
    Order.CREATE_TIME: ("create_time, id", "%(value)s, %(id)s"),
}


class PostgresCatalogue:
    """The port `Catalogue` over the pool."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gathered = Gathering(self.find_many, most=_AT_ONCE)

    async def find(self, movie_id: str) -> Movie | None:
        return await self._gathered.get(movie_id)

    async def find_many(self, movie_ids: Collection[str]) -> Mapping[str, Movie]:
        rows = await self._database.fetch_all(_MANY, ids=list(movie_ids))
        return {row[0]: to_movie(row) for row in rows}

    async def page(self, listing: Listing, after: Position | None, size: int) -> Sequence[Movie]:
        behind = {} if after is None else {"value": after.value, "id": after.id}
        statement = _page(listing, following=after is not None)
        return [to_movie(row) for row in await self._database.fetch_all(statement, size=size, **behind)]

    async def latest(self, until: date, size: int) -> Sequence[str]:
        return [row[0] for row in await self._database.fetch_all(_LATEST, year=until.year, until=until, size=size)]


@cache
def _page(listing: Listing, *, following: bool) -> Statement:
    """One of the 32 forms a page can be asked in."""
    keys, place = _SORTING[listing.order]
    conditions = [] if listing.with_deleted else ["delete_time IS NULL"]
    if following:
        conditions.append(f"({keys}) {'<' if listing.descending else '>'} ({place})")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    order = ", ".join(f"{key} DESC" for key in keys.split(", ")) if listing.descending else keys
    return text_statement(f"{_SELECT}{where} ORDER BY {order} LIMIT %(size)s")
