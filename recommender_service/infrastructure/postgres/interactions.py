"""The append-only record of interactions, inside a transaction."""

from collections.abc import Sequence

from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction
from recommender_service.domain.interactions import Interaction, Kind

CHANGES_CHANNEL = "recommender_changes"
_LOCK_NUMBER = 7_235_101

# Held until the commit: numbers are handed out under it, so that they become visible in their order. A follower that has seen number n
# has seen all before n. It also makes "insert what is not there" safe without burning a number for each conflict.
LOCK = text_statement(f"SELECT pg_advisory_xact_lock({_LOCK_NUMBER})")
TELL = text_statement(f"SELECT pg_notify('{CHANGES_CHANNEL}', '')")

_NEW_USERS = text_statement("""
    INSERT INTO users (user_id) SELECT DISTINCT user_id FROM unnest(%(users)s::text[]) AS given (user_id)
    WHERE NOT EXISTS (SELECT 1 FROM users AS u WHERE u.user_id = given.user_id)
        AND NOT EXISTS (SELECT 1 FROM erased_users AS e WHERE e.user_id = given.user_id)
""")
_NEW_MOVIES = text_statement("""
    INSERT INTO movies (movie_id, active) SELECT DISTINCT movie_id, false FROM unnest(%(movies)s::text[]) AS given (movie_id)
    WHERE NOT EXISTS (SELECT 1 FROM movies AS m WHERE m.movie_id = given.movie_id)
""")
_APPEND = text_statement("""
    INSERT INTO interactions (user_no, movie_no, kind, value, region, event_time, source)
    SELECT user_no, movie_no, kind, value, region, event_time, source
    FROM unnest(
        %(users)s::text[], %(movies)s::text[], %(kinds)s::smallint[], %(values)s::smallint[], %(regions)s::text[], %(times)s::timestamptz[],
        %(sources)s::text[]
    ) WITH ORDINALITY AS given (user_id, movie_id, kind, value, region, event_time, source, position)
    JOIN users USING (user_id) JOIN movies USING (movie_id)
    ORDER BY position
""")
# Nothing is deleted: for each rating of the source that is still its user's last word, another row takes it back.
_TAKE_BACK = text_statement(f"""
    INSERT INTO interactions (user_no, movie_no, kind, value, event_time)
    SELECT user_no, movie_no, {Kind.UNRATING:d}, 0, greatest(last.event_time, now())
    FROM (
        SELECT DISTINCT ON (user_no, movie_no) user_no, movie_no, kind, source, event_time FROM interactions AS all_of_them
        WHERE kind IN ({Kind.RATING:d}, {Kind.UNRATING:d}) AND EXISTS (
            SELECT 1 FROM interactions AS of_source WHERE of_source.source = %(source)s AND of_source.source <> ''
                AND of_source.user_no = all_of_them.user_no AND of_source.movie_no = all_of_them.movie_no
        )
        ORDER BY user_no, movie_no, id DESC
    ) AS last
    WHERE kind = {Kind.RATING:d} AND source = %(source)s
""")  # noqa: S608  # constants of ours


class PostgresInteractions:
    """The port Interactions."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def append(self, interactions: Sequence[Interaction]) -> None:
        """In their order; users and movies that are not known become so. Nothing of users who were erased."""
        if not interactions:
            return
        users, movies = [each.user for each in interactions], [each.movie for each in interactions]
        await self._transaction.fetch_one(LOCK)
        await self._transaction.execute(_NEW_USERS, users=users)
        await self._transaction.execute(_NEW_MOVIES, movies=movies)
        await self._transaction.execute(
            _APPEND,
            users=users,
            movies=movies,
            kinds=[int(each.kind) for each in interactions],
            values=[each.value for each in interactions],
            regions=[each.region for each in interactions],
            times=[each.time for each in interactions],
            sources=[each.source for each in interactions],
        )
        await self._transaction.fetch_one(TELL)

    async def take_back(self, source: str) -> None:
        """All ratings that were imported from a source."""
        await self._transaction.fetch_one(LOCK)
        await self._transaction.execute(_TAKE_BACK, source=source)
        await self._transaction.fetch_one(TELL)
