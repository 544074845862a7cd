"""Movies inside a transaction, one or five hundred in the same statement."""

from collections.abc import Collection, Mapping
from typing import Any

from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction
from movie_service.domain.movie import Movie
from movie_service.infrastructure.postgres.rows import COLUMNS, to_movie, to_row

# In the order of ids, so that two imports never wait for each other in a circle.
_FIND = text_statement(
    f"SELECT {', '.join(COLUMNS)} FROM movies WHERE id = ANY (%(ids)s) ORDER BY id FOR UPDATE"  # noqa: S608  # constants of ours
)

# An array for each column; genre ids have no comma, and PostgreSQL has no array of arrays of different lengths.
_SENT = """
    SELECT id, title, original_title, release_year, release_date, runtime_seconds, original_language,
        string_to_array(genres, ',') AS genres, create_time, update_time, delete_time, revision
    FROM unnest(
        %(id)s::text[], %(title)s::text[], %(original_title)s::text[], %(release_year)s::int[], %(release_date)s::date[],
        %(runtime_seconds)s::int[], %(original_language)s::text[], %(genres)s::text[], %(create_time)s::timestamptz[],
        %(update_time)s::timestamptz[], %(delete_time)s::timestamptz[], %(revision)s::bigint[]
    ) AS sent (id, title, original_title, release_year, release_date, runtime_seconds, original_language, genres,
        create_time, update_time, delete_time, revision)
"""
_ADD = text_statement(f"""
    INSERT INTO movies (id, title, original_title, release_year, release_date, runtime_seconds, original_language, genres,
        create_time, update_time, delete_time, revision)
    {_SENT} ORDER BY id COLLATE "C" ON CONFLICT ON CONSTRAINT movies_pkey DO NOTHING RETURNING id
""")  # a constant of ours
_SAVE = text_statement(f"""
    UPDATE movies SET title = new.title, original_title = new.original_title, release_year = new.release_year,
        release_date = new.release_date, runtime_seconds = new.runtime_seconds, original_language = new.original_language,
        genres = new.genres, update_time = new.update_time, delete_time = new.delete_time, revision = new.revision
    FROM ({_SENT}) AS new WHERE movies.id = new.id
""")  # noqa: S608  # a constant of ours
_GENRES = COLUMNS.index("genres")


class PostgresMovies:
    """The port `Movies` over one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def find(self, movie_ids: Collection[str]) -> Mapping[str, Movie]:
        rows = await self._transaction.fetch_all(_FIND, ids=list(movie_ids))
        return {row[0]: to_movie(row) for row in rows}

    async def add(self, movies: Collection[Movie]) -> Collection[str]:
        rows = await self._transaction.fetch_all(_ADD, **_arrays(movies))
        return {row[0] for row in rows}

    async def save(self, movies: Collection[Movie]) -> None:
        await self._transaction.execute(_SAVE, **_arrays(movies))


def _arrays(stored: Collection[Movie]) -> dict[str, list[Any]]:
    columns = [list(column) for column in zip(*map(to_row, stored), strict=True)]
    columns[_GENRES] = [",".join(genres) for genres in columns[_GENRES]]
    return dict(zip(COLUMNS, columns, strict=True))
