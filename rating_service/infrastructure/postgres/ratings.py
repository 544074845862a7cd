"""Changes of ratings, inside a transaction."""

from collections.abc import Sequence

from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Row, Transaction
from rating_service.domain.ratings import ImportedRating, Rating, ScoreChange

RATING_COLUMNS = "movie_id, user_id, half_stars, create_time, update_time, source"

# `old` is the row that this statement locked, so of two ratings at once the second one sees the first; of two first ratings one waits
# for the other's commit and becomes an update. The same score again keeps its time, but is the user's own from now on.
_PUT = text_statement("""
    INSERT INTO ratings AS r (movie_id, user_id, half_stars, create_time, update_time)
    VALUES (%(movie)s, %(user)s, %(half_stars)s, now(), now())
    ON CONFLICT (movie_id, user_id) DO UPDATE SET
        half_stars = excluded.half_stars,
        source = '',
        update_time = CASE WHEN r.half_stars = excluded.half_stars THEN r.update_time ELSE excluded.update_time END
    RETURNING new.movie_id, new.user_id, new.half_stars, new.create_time, new.update_time, new.source, old.half_stars
""")
_REMOVE = text_statement(f"DELETE FROM ratings WHERE movie_id = %(movie)s AND user_id = %(user)s RETURNING {RATING_COLUMNS}")  # noqa: S608  # constants of ours

# Rows are locked in the order of their key. A rating without a time of its own is as young as this transaction, and is the same
# as the one that is there when score and source are.
_STORE = text_statement("""
    INSERT INTO ratings AS r (movie_id, user_id, half_stars, source, create_time, update_time)
    SELECT movie_id, user_id, half_stars, %(source)s, coalesce(rate_time, now()), coalesce(rate_time, now())
    FROM unnest(%(movies)s::text[], %(users)s::text[], %(half_stars)s::smallint[], %(times)s::timestamptz[])
        AS given (movie_id, user_id, half_stars, rate_time)
    ORDER BY movie_id, user_id
    ON CONFLICT (movie_id, user_id) DO UPDATE SET
        half_stars = excluded.half_stars,
        source = excluded.source,
        create_time = least(r.create_time, excluded.create_time),
        update_time = excluded.update_time
    WHERE r.update_time <= excluded.update_time AND (
        (r.half_stars, r.source) IS DISTINCT FROM (excluded.half_stars, excluded.source)
        OR (r.update_time <> excluded.update_time AND excluded.update_time <> now())
    )
    RETURNING new.movie_id, new.user_id, new.half_stars, new.create_time, new.update_time, new.source, old.half_stars
""")
_COUNT_OF_SOURCE = text_statement("SELECT count(*) FROM ratings WHERE source = %(source)s AND source <> ''")
# In steps, so that none outlasts the statement timeout; in the order of their key, like everybody else.
_REMOVE_OF_SOURCE = text_statement("""
    WITH doomed AS MATERIALIZED (
        SELECT movie_id, user_id FROM ratings
        WHERE source = %(source)s AND source <> '' AND (movie_id, user_id) > (%(movie)s, %(user)s)
        ORDER BY movie_id, user_id LIMIT 20000 FOR UPDATE
    )
    DELETE FROM ratings AS r USING doomed AS d WHERE r.movie_id = d.movie_id AND r.user_id = d.user_id
    RETURNING r.movie_id, r.user_id, r.half_stars
""")


def rating_of(row: Row) -> Rating:
    """Of a row of RATING_COLUMNS, whatever follows them."""
    movie, user, half_stars, create_time, update_time, source = row[:6]
    return Rating(movie, user, half_stars, create_time, update_time, source)


class PostgresRatings:
    """The port Ratings."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def put(self, movie: str, user: str, half_stars: int) -> tuple[Rating, int | None]:
        row = await self._transaction.fetch_one(_PUT, movie=movie, user=user, half_stars=half_stars)
        assert row is not None  # noqa: S101  # an upsert without a condition gives back its row
        return rating_of(row), row[6]

    async def remove(self, movie: str, user: str) -> Rating | None:
        row = await self._transaction.fetch_one(_REMOVE, movie=movie, user=user)
        return None if row is None else rating_of(row)

    async def store(self, source: str, ratings: Sequence[ImportedRating]) -> list[tuple[Rating, int | None]]:
        rows = await self._transaction.fetch_all(
            _STORE,
            source=source,
            movies=[rating.movie for rating in ratings],
            users=[rating.user for rating in ratings],
            half_stars=[rating.half_stars for rating in ratings],
            times=[rating.rate_time for rating in ratings],
        )
        return [(rating_of(row), row[6]) for row in rows]

    async def count_of_source(self, source: str) -> int:
        row = await self._transaction.fetch_one(_COUNT_OF_SOURCE, source=source)
        return int(row[0]) if row else 0

    async def remove_source(self, source: str) -> list[ScoreChange]:
        removed: list[ScoreChange] = []
        movie, user = "", ""
        while rows := await self._transaction.fetch_all(_REMOVE_OF_SOURCE, source=source, movie=movie, user=user):
            removed += [ScoreChange(row[0], row[2], None) for row in rows]
            # The database's order, not Python's: rows come back in any order, and its collation may differ.
            movie, user = await self._last(rows)
        return removed

    async def _last(self, rows: Sequence[Row]) -> tuple[str, str]:
        row = await self._transaction.fetch_one(_LAST, movies=[row[0] for row in rows], users=[row[1] for row in rows])
        assert row is not None  # noqa: S101  # the last of at least one
        return row[0], row[1]


_LAST = text_statement("""
    SELECT movie_id, user_id FROM unnest(%(movies)s::text[], %(users)s::text[]) AS gone (movie_id, user_id)
    ORDER BY movie_id DESC, user_id DESC LIMIT 1
""")
