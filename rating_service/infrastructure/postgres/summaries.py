"""Summaries that follow their ratings: counted up and down by differences, under the summary's row lock."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Row, Transaction
from rating_service.domain.ratings import HALF_STARS, RatingSummary, ScoreChange

SCORE_COLUMNS = tuple(f"score_{half}" for half in HALF_STARS)
SUMMARY_COLUMNS = ", ".join(("movie_id", *SCORE_COLUMNS, "update_time"))
_RETURNED = ", ".join(f"s.{column}" for column in ("movie_id", *SCORE_COLUMNS, "update_time"))
_STEP = 5_000  # movies in one statement

# Makes the missing rows and locks those that are there without writing them; one pass in the order of the key, because two passes
# (first insert, then lock) could meet another transaction's passes crosswise.
_LOCK = text_statement("""
    INSERT INTO rating_summaries AS s (movie_id, update_time)
    SELECT movie_id, now() FROM unnest(%(movies)s::text[]) AS touched (movie_id) ORDER BY movie_id
    ON CONFLICT (movie_id) DO UPDATE SET update_time = s.update_time WHERE false
""")
# `s` is read again after the wait for its lock, the differences come from rows this transaction has changed itself: nothing is lost.
_APPLY = text_statement(f"""
    UPDATE rating_summaries AS s SET
        {", ".join(f"{column} = s.{column} + d.{column}" for column in SCORE_COLUMNS)},
        update_time = clock_timestamp(),
        unannounced_since = CASE WHEN %(announced)s THEN NULL ELSE coalesce(s.unannounced_since, clock_timestamp()) END
    FROM unnest(%(movies)s::text[], {", ".join(f"%({column})s::int[]" for column in SCORE_COLUMNS)})
        AS d (movie_id, {", ".join(SCORE_COLUMNS)})
    WHERE s.movie_id = d.movie_id
    RETURNING {_RETURNED}
""")  # noqa: S608  # constants of ours
_TAKE = text_statement(f"""
    WITH due AS MATERIALIZED (
        SELECT movie_id FROM rating_summaries
        WHERE unannounced_since IS NOT NULL AND (
            NOT EXISTS (
                SELECT FROM rating_summaries
                WHERE unannounced_since IS NOT NULL AND update_time > clock_timestamp() - make_interval(secs => %(quiet)s)
            )
            OR unannounced_since <= clock_timestamp() - make_interval(secs => %(longest)s)
        )
        ORDER BY movie_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    )
    UPDATE rating_summaries AS s SET unannounced_since = NULL FROM due WHERE s.movie_id = due.movie_id
    RETURNING {_RETURNED}
""")  # noqa: S608  # constants of ours


def summary_of(row: Row) -> RatingSummary:
    """Of a row of SUMMARY_COLUMNS, whatever follows them."""
    return RatingSummary(row[0], tuple(row[1:11]), row[11])


class PostgresSummaries:
    """The port Summaries."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def apply(self, changes: Sequence[ScoreChange]) -> list[RatingSummary]:
        return [summary_of(row) for row in await self._apply(changes, announced=True)]

    async def apply_unannounced(self, changes: Sequence[ScoreChange]) -> None:
        await self._apply(changes, announced=False)

    async def take_unannounced(self, limit: int, *, quiet_seconds: float, longest_seconds: float) -> list[RatingSummary]:
        rows = await self._transaction.fetch_all(_TAKE, limit=limit, quiet=quiet_seconds, longest=longest_seconds)
        return [summary_of(row) for row in rows]

    async def _apply(self, changes: Sequence[ScoreChange], *, announced: bool) -> list[Row]:
        differences = differences_of(changes)
        movies = list(differences)
        rows: list[Row] = []
        if len(movies) == 1:  # the row is there nearly always, and one lock has no order
            rows = await self._count(movies, differences, announced)
        if len(rows) < len(movies):
            await self._transaction.execute(_LOCK, movies=movies)
            for start in range(0, len(movies), _STEP):
                rows += await self._count(movies[start : start + _STEP], differences, announced)
        return rows

    async def _count(self, movies: list[str], differences: Mapping[str, Sequence[int]], announced: bool) -> list[Row]:
        columns = {column: [differences[movie][index] for movie in movies] for index, column in enumerate(SCORE_COLUMNS)}
        return await self._transaction.fetch_all(_APPLY, movies=movies, announced=announced, **columns)


def differences_of(changes: Sequence[ScoreChange]) -> dict[str, list[int]]:
    """For each movie, by how much each of its ten counts changes; without movies of which none does."""
    differences: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(HALF_STARS))
    for change in changes:
        counts = differences[change.movie]
        if change.before is not None:
            counts[change.before - 1] -= 1
        if change.after is not None:
            counts[change.after - 1] += 1
    return {movie: counts for movie, counts in differences.items() if any(counts)}
