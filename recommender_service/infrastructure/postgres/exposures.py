"""What users were shown in experiments, how shadows compared, and what became of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from psycopg.types.json import Jsonb

from mesh.postgres.database import Database
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction
from recommender_service.domain.experiments import Experiment, Exposure
from recommender_service.domain.interactions import LIKED_HALF_STARS, Kind
from recommender_service.domain.statistics import ArmTotals, ComparisonTotals
from recommender_service.infrastructure.postgres.interactions import LOCK

MOST_LISTS: Final = 200  # of one user in one experiment; whoever asks oftener is known well enough

# The same as domain.experiments.is_outcome; a test compares the two for every kind and value.
OUTCOME: Final = f"""(kind IN ({Kind.CLICK:d}, {Kind.LIKE:d}) OR (kind = {Kind.RATING:d} AND value >= {LIKED_HALF_STARS})
    OR (kind = {Kind.WATCH_PROGRESS:d} AND value > 0))"""

# Lists of numbers come as JSON, because arrays of one parameter cannot differ in length.
_APPEND = text_statement(f"""
    INSERT INTO exposures (user_id, experiment_id, exposed_at, candidate, movie_nos)
    SELECT user_id, experiment_id, exposed_at, candidate, ARRAY(SELECT jsonb_array_elements(movies)::int)
    FROM unnest(%(users)s::text[], %(experiments)s::text[], %(times)s::timestamptz[], %(candidates)s::boolean[], %(movies)s::jsonb[])
        AS given (user_id, experiment_id, exposed_at, candidate, movies)
    WHERE (
        SELECT count(*) FROM exposures AS e WHERE e.user_id = given.user_id AND e.experiment_id = given.experiment_id
    ) < {MOST_LISTS} AND NOT EXISTS (SELECT 1 FROM erased_users AS e WHERE e.user_id = given.user_id)
    ON CONFLICT DO NOTHING
""")  # noqa: S608  # constants of ours
_COMPARED = text_statement("""
    INSERT INTO comparisons AS c (
        experiment_id, lists, skipped, failed, overlap, overlap_squared, same_first, active_seconds, candidate_seconds
    ) VALUES (
        %(experiment_id)s, %(lists)s, %(skipped)s, %(failed)s, %(overlap)s, %(overlap_squared)s, %(same_first)s, %(active_seconds)s,
        %(candidate_seconds)s
    ) ON CONFLICT (experiment_id) DO UPDATE SET
        lists = c.lists + excluded.lists, skipped = c.skipped + excluded.skipped, failed = c.failed + excluded.failed,
        overlap = c.overlap + excluded.overlap, overlap_squared = c.overlap_squared + excluded.overlap_squared,
        same_first = c.same_first + excluded.same_first, active_seconds = c.active_seconds + excluded.active_seconds,
        candidate_seconds = c.candidate_seconds + excluded.candidate_seconds
""")
_COMPARISONS = text_statement("""
    SELECT lists, skipped, failed, overlap, overlap_squared, same_first, active_seconds, candidate_seconds
    FROM comparisons WHERE experiment_id = %(experiment_id)s
""")
# A movie that a user was shown counts once, and has an outcome when it came soon enough after any of its lists.
_ARMS = text_statement(f"""
    WITH shown AS (
        SELECT user_id, candidate, exposed_at, unnest(movie_nos) AS movie_no FROM exposures
        WHERE experiment_id = %(experiment_id)s AND exposed_at < %(until)s
    ), outcomes AS (
        SELECT user_id, movie_no, event_time FROM interactions JOIN users USING (user_no)
        WHERE event_time >= %(since)s AND event_time < %(until)s + %(window)s::interval AND {OUTCOME}
    ), movies_of_users AS (
        SELECT s.user_id, s.candidate, s.movie_no, bool_or(o.event_time IS NOT NULL) AS answered
        FROM shown AS s LEFT JOIN outcomes AS o ON o.user_id = s.user_id AND o.movie_no = s.movie_no
            AND o.event_time >= s.exposed_at AND o.event_time < s.exposed_at + %(window)s::interval
        GROUP BY s.user_id, s.candidate, s.movie_no
    ), of_users AS (
        SELECT user_id, candidate, count(*) AS shown, count(*) FILTER (WHERE answered) AS outcomes
        FROM movies_of_users GROUP BY user_id, candidate
    ), lists AS (
        SELECT candidate, count(*) AS lists FROM exposures
        WHERE experiment_id = %(experiment_id)s AND exposed_at < %(until)s GROUP BY candidate
    )
    SELECT candidate, count(*), count(*) FILTER (WHERE outcomes > 0), max(lists), sum(shown)::bigint, sum(outcomes)::bigint,
        sum(shown * shown)::bigint, sum(outcomes * outcomes)::bigint, sum(shown * outcomes)::bigint
    FROM of_users JOIN lists USING (candidate) GROUP BY candidate
""")  # noqa: S608  # constants of ours
_LONG = text_statement("SET LOCAL statement_timeout = '30s'")  # as long as the method's deadline; calls have less
_ERASE = text_statement("DELETE FROM exposures WHERE user_id = %(user)s")


class PostgresExposures:
    """Written in batches, beside the calls."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, exposures: Sequence[Exposure]) -> None:
        async with self._database.transaction() as transaction:
            await transaction.fetch_one(LOCK)  # or one could be written down of a user who is being erased
            await transaction.execute(
                _APPEND,
                users=[each.user for each in exposures],
                experiments=[each.experiment_id for each in exposures],
                times=[each.time for each in exposures],
                candidates=[each.candidate for each in exposures],
                movies=[Jsonb(list(each.movies)) for each in exposures],
            )

    async def compared(self, experiment_id: str, more: ComparisonTotals) -> None:
        async with self._database.transaction() as transaction:
            await transaction.execute(
                _COMPARED,
                experiment_id=experiment_id,
                lists=more.lists,
                skipped=more.skipped,
                failed=more.failed,
                overlap=more.overlap,
                overlap_squared=more.overlap_squared,
                same_first=more.same_first,
                active_seconds=more.active_seconds,
                candidate_seconds=more.candidate_seconds,
            )

    async def comparisons(self, experiment_id: str) -> ComparisonTotals:
        row = await self._database.fetch_one(_COMPARISONS, experiment_id=experiment_id)
        return ComparisonTotals(*row) if row else ComparisonTotals()

    async def arms(self, experiment: Experiment, now: datetime) -> tuple[ArmTotals, ArmTotals]:
        """Control and candidate, as of now."""
        async with self._database.transaction() as transaction:
            await transaction.execute(_LONG)
            rows = await transaction.fetch_all(
                _ARMS,
                experiment_id=experiment.experiment_id,
                since=experiment.create_time,
                until=experiment.stop_time or now,
                window=experiment.outcome_window,
            )
        totals = {candidate: ArmTotals(*counts) for candidate, *counts in rows}
        return totals.get(False, ArmTotals()), totals.get(True, ArmTotals())


async def erase_exposures(transaction: Transaction, user: str) -> int:
    """All that was recorded of what a user was shown; how many lists it were."""
    return await transaction.execute(_ERASE, user=user)
