"""Movies as they are now, straight from the pool: statements compiled once, keyset pages."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from mesh.postgres.database import Database
from mesh.postgres.statements import Statement, compiled
from movie_service.application.ports import Listing, Order, Position
from movie_service.domain.movie import Movie
from movie_service.infrastructure.postgres.rows import COLUMNS, to_movie
from movie_service.infrastructure.postgres.tables import movies

_ONE = compiled(sa.select(*COLUMNS).where(movies.c.id == sa.bindparam("id")))
_MANY = compiled(sa.select(*COLUMNS).where(movies.c.id == sa.any_(sa.bindparam("ids", type_=ARRAY(sa.Text)))))
_LATEST = compiled(
    sa.select(movies.c.id)
    .where(
        movies.c.delete_time.is_(None),
        movies.c.release_year.between(1, sa.bindparam("year")),
        sa.or_(movies.c.release_date.is_(None), movies.c.release_date <= sa.bindparam("until")),
    )
    .order_by(movies.c.release_year.desc(), movies.c.release_date.desc().nulls_last(), movies.c.id)
    .limit(sa.bindparam("size"))
)


class PostgresCatalogue:
    """The port `Catalogue` over the pool."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, movie_id: str) -> Movie | None:
        row = await self._database.fetch_one(_ONE, id=movie_id)
        return None if row is None else to_movie(row)

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
    keys, place = _sorting(listing.order)
    query = sa.select(*COLUMNS)
    if not listing.with_deleted:
        query = query.where(movies.c.delete_time.is_(None))
    if following:
        query = query.where(sa.tuple_(*keys) < sa.tuple_(*place) if listing.descending else sa.tuple_(*keys) > sa.tuple_(*place))
    return compiled(query.order_by(*(key.desc() if listing.descending else key.asc() for key in keys)).limit(sa.bindparam("size")))


def _sorting(order: Order) -> tuple[Sequence[sa.ColumnElement[Any]], Sequence[sa.ColumnElement[Any]]]:
    """What the order compares, and the same of the place to go on from; both begin with what the index begins with."""
    key, movie_id = movies.c[order.value], movies.c.id
    value, place_id = sa.bindparam("value", type_=key.type), sa.bindparam("id", type_=movie_id.type)
    match order:
        case Order.ID:
            return (movie_id,), (place_id,)
        case Order.TITLE:  # upper and lower case side by side
            return (sa.func.lower(key), movie_id), (sa.func.lower(value), place_id)
        case _:
            return (key, movie_id), (value, place_id)
