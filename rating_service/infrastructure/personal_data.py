"""What the rating context holds about a user: ratings, reviews, likes, reports, and decisions as a moderator."""

from collections.abc import AsyncIterator
from dataclasses import replace

from google.protobuf.json_format import MessageToDict

from mesh.personal_data import Documents
from mesh.postgres.database import Database
from mesh.postgres.outbox import write_outbox
from mesh.postgres.statements import Statement, text_statement
from mesh.postgres.transaction import Row, Transaction
from rating_service.domain.events import ReviewRemoved
from rating_service.domain.ratings import ScoreChange
from rating_service.domain.reviews import ReportReason
from rating_service.infrastructure.events.encode import encode
from rating_service.infrastructure.grpc.names import review_name, user_name
from rating_service.infrastructure.grpc.translate import rating_message, review_message
from rating_service.infrastructure.postgres.ratings import RATING_COLUMNS, rating_of
from rating_service.infrastructure.postgres.reviews import REVIEW_COLUMNS, review_of
from rating_service.infrastructure.postgres.summaries import PostgresSummaries

_AT_ONCE = 500
# Locked in the order of their key, like everybody else.
_ERASE_RATINGS = text_statement("""
    WITH doomed AS MATERIALIZED (SELECT movie_id FROM ratings WHERE user_id = %(user)s ORDER BY movie_id FOR UPDATE)
    DELETE FROM ratings AS r USING doomed AS d WHERE r.movie_id = d.movie_id AND r.user_id = %(user)s RETURNING r.movie_id, r.half_stars
""")
_ERASE_REVIEWS = text_statement(f"DELETE FROM reviews WHERE author = %(user)s RETURNING {REVIEW_COLUMNS}")  # noqa: S608  # constants of ours
_ANONYMISE_DECISIONS = text_statement("UPDATE review_decisions SET moderator = '' WHERE moderator = %(name)s")


def _erase_answers(table: str, count: str) -> Statement:
    """What the user had to say of other people's reviews, which are locked in the order of their key first."""
    return text_statement(f"""
        WITH touched AS MATERIALIZED (
            SELECT r.movie_id, r.review_id FROM reviews AS r JOIN {table} AS a USING (movie_id, review_id) WHERE a.user_id = %(user)s
            ORDER BY r.movie_id, r.review_id FOR NO KEY UPDATE OF r
        ), gone AS (
            DELETE FROM {table} AS a USING touched AS t
            WHERE a.movie_id = t.movie_id AND a.review_id = t.review_id AND a.user_id = %(user)s RETURNING a.movie_id, a.review_id
        )
        UPDATE reviews AS r SET {count} = {count} - 1 FROM gone AS g WHERE r.movie_id = g.movie_id AND r.review_id = g.review_id
    """)  # noqa: S608  # names of ours


_ERASE_LIKES, _ERASE_REPORTS = _erase_answers("review_likes", "like_count"), _erase_answers("review_reports", "report_count")


def _page(columns: str, table: str, user: str, key: str = "movie_id") -> Statement:
    """After a key, which is an array here."""
    return text_statement(f"""
        SELECT {columns}, ARRAY[{key}] FROM {table} WHERE {user} = %(user)s AND ARRAY[{key}] > %(after)s::text[]
        ORDER BY ARRAY[{key}] LIMIT {_AT_ONCE}
    """)  # noqa: S608  # names of ours


_OF_REVIEW = "movie_id, review_id"
_RATINGS, _REVIEWS = _page(RATING_COLUMNS, "ratings", "user_id"), _page(REVIEW_COLUMNS, "reviews", "author")
_LIKES = _page(_OF_REVIEW, "review_likes", "user_id", _OF_REVIEW)
_REPORTS = _page(f"{_OF_REVIEW}, reason, comment, report_time", "review_reports", "user_id", _OF_REVIEW)


class RatingData:
    """The port `mesh.personal_data.PersonalData`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def erase(self, transaction: Transaction, user: str) -> int:
        """Summaries follow in this transaction and are announced by the sweeper; no event says who it was."""
        ratings = await transaction.fetch_all(_ERASE_RATINGS, user=user)
        if ratings:
            changes = [ScoreChange(movie, half_stars, None) for movie, half_stars in ratings]
            await PostgresSummaries(transaction).apply_unannounced(changes)
        answers = await transaction.execute(_ERASE_LIKES, user=user) + await transaction.execute(_ERASE_REPORTS, user=user)
        reviews = [review_of(row) for row in await transaction.fetch_all(_ERASE_REVIEWS, user=user)]
        nobodys = (replace(review, author="", content=replace(review.content, text="")) for review in reviews)
        await write_outbox(transaction, [encode(ReviewRemoved(review)) for review in nobodys])
        await transaction.execute(_ANONYMISE_DECISIONS, name=user_name(user))
        return len(ratings) + answers + len(reviews)

    async def export(self, user: str) -> AsyncIterator[tuple[str, Documents]]:
        async for rows in self._pages(_RATINGS, user):
            yield "ratings", [MessageToDict(rating_message(rating_of(row))) for row in rows]
        async for rows in self._pages(_REVIEWS, user):
            yield "reviews", [MessageToDict(review_message(review_of(row[:-1]), with_reports=False)) for row in rows]
        async for rows in self._pages(_LIKES, user):
            yield "likes", [{"review": review_name(movie, review)} for movie, review, _ in rows]
        async for rows in self._pages(_REPORTS, user):
            yield (
                "reports",
                [
                    {
                        "review": review_name(row[0], row[1]),
                        "reason": ReportReason(row[2]).name,
                        "comment": row[3],
                        "time": row[4].isoformat(),
                    }
                    for row in rows
                ],
            )

    async def _pages(self, statement: Statement, user: str) -> AsyncIterator[list[Row]]:
        after: list[str] = []
        while rows := await self._database.fetch_all(statement, user=user, after=after):
            yield rows
            after = rows[-1][-1]
