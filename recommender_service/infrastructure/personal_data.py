"""What the recommender holds about a user: the interactions, and what experiments showed."""

from collections.abc import AsyncIterator

from mesh.personal_data import Documents
from mesh.postgres.database import Database
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction
from recommender_service.domain.interactions import Kind
from recommender_service.infrastructure.postgres.exposures import erase_exposures
from recommender_service.infrastructure.postgres.interactions import LOCK, TELL

_AT_ONCE = 500
_ERASE_INTERACTIONS = text_statement("DELETE FROM interactions WHERE user_no = (SELECT user_no FROM users WHERE user_id = %(user)s)")
_ERASE_USER = text_statement("DELETE FROM users WHERE user_id = %(user)s")
# Before the rows go: the position of those who follow the table is its last number, which must not go back.
_REMEMBER = text_statement("""
    INSERT INTO erased_users (user_id, last_interaction) SELECT %(user)s, coalesce(max(id), 0) FROM interactions ON CONFLICT DO NOTHING
""")
_PAGE = text_statement(f"""
    SELECT id, movie_id, kind, value, region, event_time, source FROM interactions JOIN movies USING (movie_no)
    WHERE user_no = (SELECT user_no FROM users WHERE user_id = %(user)s) AND id > %(after)s ORDER BY id LIMIT {_AT_ONCE}
""")  # noqa: S608  # a constant of ours
# Bounded by MOST_LISTS in each experiment.
_EXPOSURES = text_statement("""
    SELECT experiment_id, exposed_at, candidate, ARRAY(SELECT movie_id FROM movies WHERE movie_no = ANY (movie_nos)) FROM exposures
    WHERE user_id = %(user)s ORDER BY exposed_at
""")


class RecommenderData:
    """The port `mesh.personal_data.PersonalData`. Models keep nothing of users."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def erase(self, transaction: Transaction, user: str) -> int:
        await transaction.fetch_one(LOCK)
        await transaction.execute(_REMEMBER, user=user)
        count = await transaction.execute(_ERASE_INTERACTIONS, user=user)
        count += await erase_exposures(transaction, user)
        await transaction.execute(_ERASE_USER, user=user)
        await transaction.fetch_one(TELL)
        return count

    async def export(self, user: str) -> AsyncIterator[tuple[str, Documents]]:
        after = 0
        while rows := await self._database.fetch_all(_PAGE, user=user, after=after):
            yield (
                "interactions",
                [
                    {
                        "movie": f"movies/{movie}",
                        "kind": Kind(kind).name,
                        "value": value,
                        "region": region,
                        "time": time.isoformat(),
                        "source": source,
                    }
                    for _, movie, kind, value, region, time, source in rows
                ],
            )
            after = rows[-1][0]
        if rows := await self._database.fetch_all(_EXPOSURES, user=user):
            yield (
                "exposures",
                (
                    {
                        "experiment": f"experiments/{experiment}",
                        "arm": "candidate" if candidate else "control",
                        "movies": [f"movies/{movie}" for movie in movies],
                        "time": time.isoformat(),
                    }
                    for experiment, time, candidate, movies in rows
                ),
            )
