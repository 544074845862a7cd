"""What the catalogue told of movies, inside a transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from library_service.domain.csv_reading import Row
from library_service.domain.movies import CatalogueMovie, KnownMovie, title_key
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction

# Of a row of a list, joined with `movies AS m` by movie_id.
KNOWN_COLUMNS = "movie_id, coalesce(m.title, ''), coalesce(m.release_year, 0), coalesce(m.deleted, false)"

# A popular movie is put on lists all the time: its row is left alone, and not even locked, when it is as the catalogue says.
_REMEMBER = text_statement("""
    INSERT INTO movies AS m (movie_id, title, title_key, original_title_key, release_year, deleted, update_time)
    SELECT * FROM unnest(
        %(movies)s::text[], %(titles)s::text[], %(keys)s::text[], %(original_keys)s::text[], %(years)s::smallint[], %(deleted)s::boolean[],
        %(times)s::timestamptz[]
    ) AS told (movie_id, title, title_key, original_title_key, release_year, deleted, update_time)
    WHERE NOT EXISTS (SELECT 1 FROM movies AS k WHERE k.movie_id = told.movie_id AND k.update_time >= told.update_time)
    ORDER BY movie_id
    ON CONFLICT (movie_id) DO UPDATE SET
        title = excluded.title, title_key = excluded.title_key, original_title_key = excluded.original_title_key,
        release_year = excluded.release_year, deleted = excluded.deleted, update_time = excluded.update_time
    WHERE m.update_time < excluded.update_time
""")
_NAMED = text_statement("""
    SELECT line, m.movie_id, m.title, m.release_year, m.deleted, m.movie_id = asked.movie_id
    FROM unnest(%(lines)s::int[], %(movies)s::text[], %(keys)s::text[], %(years)s::int[]) AS asked (line, movie_id, title_key, release_year)
    JOIN LATERAL (
        SELECT * FROM movies WHERE movies.movie_id = asked.movie_id
        UNION SELECT * FROM movies WHERE asked.title_key <> '' AND movies.title_key = asked.title_key
        UNION SELECT * FROM movies WHERE asked.title_key <> '' AND original_title_key = asked.title_key
    ) AS m ON m.movie_id = asked.movie_id OR asked.release_year = 0 OR m.release_year = asked.release_year
    WHERE NOT m.deleted
""")


def known_of(columns: Sequence[object]) -> KnownMovie:
    """Of KNOWN_COLUMNS."""
    movie, title, year, deleted = columns
    return KnownMovie(str(movie), str(title), int(str(year)), bool(deleted))


class PostgresMovies:
    """The port Movies."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def remember(self, movies: Sequence[CatalogueMovie]) -> None:
        await self._transaction.execute(
            _REMEMBER,
            movies=[each.movie for each in movies],
            titles=[each.title for each in movies],
            keys=[title_key(each.title) for each in movies],
            original_keys=[title_key(each.original_title) for each in movies],
            years=[each.release_year for each in movies],
            deleted=[each.deleted for each in movies],
            times=[each.update_time for each in movies],
        )

    async def named(self, rows: Sequence[Row]) -> Mapping[int, Sequence[KnownMovie]]:
        found = await self._transaction.fetch_all(
            _NAMED,
            lines=[row.line for row in rows],
            movies=[row.movie for row in rows],
            keys=[title_key(row.title) for row in rows],
            years=[row.year for row in rows],
        )
        by_id = {row[0]: known_of(row[1:5]) for row in found if row[5]}
        by_title: defaultdict[int, list[KnownMovie]] = defaultdict(list)
        for row in found:
            by_title[row[0]].append(known_of(row[1:5]))
        return {line: [by_id[line]] if line in by_id else movies for line, movies in by_title.items()}


def joined(table: str) -> str:
    """`table` with what is known of its movies."""
    return f"{table} LEFT JOIN movies AS m USING (movie_id)"
