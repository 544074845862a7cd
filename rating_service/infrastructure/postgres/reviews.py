"""Reviews, likes and reports in their tables."""

from datetime import datetime

from mesh.postgres.database import Database
from mesh.postgres.statements import Statement, text_statement
from mesh.postgres.transaction import Row, Transaction
from rating_service.domain.errors import ReviewAlreadyExists, ReviewNotFound
from rating_service.domain.reviews import ReportReason, Review, ReviewState, ReviewText

REVIEW_COLUMNS = (
    "movie_id, review_id, author, language_code, spoiler, text, state, create_time, update_time, revision, like_count, report_count"
)
_ONE = "movie_id = %(movie)s AND review_id = %(review_id)s"

_READ = text_statement(f"SELECT {REVIEW_COLUMNS} FROM reviews WHERE {_ONE}")  # noqa: S608  # constants of ours
_LOCK = text_statement(f"SELECT {REVIEW_COLUMNS} FROM reviews WHERE {_ONE} FOR NO KEY UPDATE")  # noqa: S608  # constants of ours
_ADD = text_statement(f"""
    INSERT INTO reviews ({REVIEW_COLUMNS}) VALUES (
        %(movie)s, %(review_id)s, %(author)s, %(language_code)s, %(spoiler)s, %(text)s, %(state)s, %(create_time)s, %(update_time)s,
        %(revision)s, 0, 0
    ) ON CONFLICT DO NOTHING
""")  # noqa: S608  # constants of ours
_IN_THE_WAY = text_statement("""
    SELECT review_id FROM reviews WHERE movie_id = %(movie)s AND (review_id = %(review_id)s OR author = %(author)s)
    ORDER BY author = %(author)s DESC LIMIT 1
""")
_SAVE = text_statement(f"""
    UPDATE reviews SET language_code = %(language_code)s, spoiler = %(spoiler)s, text = %(text)s, state = %(state)s,
        update_time = %(update_time)s, revision = %(revision)s
    WHERE {_ONE}
""")  # noqa: S608  # constants of ours
_REMOVE = text_statement(f"DELETE FROM reviews WHERE {_ONE}")  # noqa: S608  # constants of ours
# The count changes by what the first part did, under the review's lock that the caller holds: it is exact whoever else is at it.
_LIKE = text_statement(f"""
    WITH liked AS (
        INSERT INTO review_likes (movie_id, review_id, user_id) VALUES (%(movie)s, %(review_id)s, %(user)s)
        ON CONFLICT DO NOTHING RETURNING 1
    )
    UPDATE reviews SET like_count = like_count + (SELECT count(*) FROM liked) WHERE {_ONE} RETURNING {REVIEW_COLUMNS}
""")  # noqa: S608  # constants of ours
_UNLIKE = text_statement(f"""
    WITH unliked AS (DELETE FROM review_likes WHERE {_ONE} AND user_id = %(user)s RETURNING 1)
    UPDATE reviews SET like_count = like_count - (SELECT count(*) FROM unliked) WHERE {_ONE} RETURNING {REVIEW_COLUMNS}
""")  # noqa: S608  # constants of ours
_REPORT = text_statement(f"""
    WITH reported AS (
        INSERT INTO review_reports (movie_id, review_id, user_id, reason, comment, report_time)
        VALUES (%(movie)s, %(review_id)s, %(user)s, %(reason)s, %(comment)s, %(now)s)
        ON CONFLICT (movie_id, review_id, user_id) DO UPDATE
            SET reason = excluded.reason, comment = excluded.comment, report_time = excluded.report_time
        RETURNING old.user_id IS NULL AS is_first
    )
    UPDATE reviews SET report_count = report_count + (SELECT count(*) FROM reported WHERE is_first) WHERE {_ONE}
""")  # noqa: S608  # constants of ours
_DECIDE = text_statement("""
    INSERT INTO review_decisions (movie_id, review_id, state, moderator, comment, decide_time)
    VALUES (%(movie)s, %(review_id)s, %(state)s, %(moderator)s, %(comment)s, %(now)s)
""")


def _page(order: str) -> tuple[Statement, Statement]:
    """The first page of published reviews and those after it; `order` is an indexed column."""
    first, after = (
        text_statement(f"""
            SELECT {REVIEW_COLUMNS} FROM reviews
            WHERE movie_id = %(movie)s AND state = 1 AND NOT (%(hide_spoilers)s AND spoiler)
                AND (%(language)s = '' OR lower(language_code) = %(language)s OR starts_with(lower(language_code), %(language)s || '-'))
                {condition}
            ORDER BY {order} DESC, review_id DESC LIMIT %(limit)s
        """)  # noqa: S608  # constants of ours
        for condition in ("", f"AND ({order}, review_id) < (%(position)s, %(review_id)s)")
    )
    return first, after


_LATEST = _page("create_time")
_MOST_LIKED = _page("like_count")


def review_of(row: Row) -> Review:
    movie, review_id, author, language_code, spoiler, text, state, create_time, update_time, revision, likes, reports = row
    return Review(
        movie=movie,
        review_id=review_id,
        author=author,
        content=ReviewText(language_code=language_code, spoiler=spoiler, text=text),
        state=ReviewState(state),
        create_time=create_time,
        update_time=update_time,
        revision=revision,
        like_count=likes,
        report_count=reports,
    )


class PostgresReviews:
    """The port Reviews."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, review: Review) -> None:
        if not await self._transaction.execute(_ADD, author=review.author, create_time=review.create_time, **_changeable(review)):
            key = {"movie": review.movie, "review_id": review.review_id, "author": review.author}
            row = await self._transaction.fetch_one(_IN_THE_WAY, **key)
            raise ReviewAlreadyExists(review.movie, row[0] if row else review.review_id)

    async def lock(self, movie: str, review_id: str) -> Review:
        row = await self._transaction.fetch_one(_LOCK, movie=movie, review_id=review_id)
        if row is None:
            raise ReviewNotFound(movie, review_id)
        return review_of(row)

    async def save(self, review: Review) -> None:
        await self._transaction.execute(_SAVE, **_changeable(review))

    async def remove(self, review: Review) -> None:
        await self._transaction.execute(_REMOVE, movie=review.movie, review_id=review.review_id)

    async def like(self, review: Review, user: str) -> Review:
        return await self._answered(_LIKE, review, user)

    async def unlike(self, review: Review, user: str) -> Review:
        return await self._answered(_UNLIKE, review, user)

    async def report(self, review: Review, user: str, reason: ReportReason, comment: str, now: datetime) -> None:
        await self._transaction.execute(
            _REPORT, movie=review.movie, review_id=review.review_id, user=user, reason=reason.value, comment=comment, now=now
        )

    async def record_decision(self, review: Review, moderator: str, comment: str, now: datetime) -> None:
        await self._transaction.execute(
            _DECIDE,
            movie=review.movie,
            review_id=review.review_id,
            state=review.state.value,
            moderator=moderator,
            comment=comment,
            now=now,
        )

    async def _answered(self, statement: Statement, review: Review, user: str) -> Review:
        row = await self._transaction.fetch_one(statement, movie=review.movie, review_id=review.review_id, user=user)
        if row is None:
            raise ReviewNotFound(review.movie, review.review_id)
        return review_of(row)


def _changeable(review: Review) -> dict[str, object]:
    return {
        "movie": review.movie,
        "review_id": review.review_id,
        "language_code": review.content.language_code,
        "spoiler": review.content.spoiler,
        "text": review.content.text,
        "state": review.state.value,
        "update_time": review.update_time,
        "revision": review.revision,
    }


class PostgresReviewReader:
    """The port ReviewReader."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def review(self, movie: str, review_id: str) -> Review | None:
        row = await self._database.fetch_one(_READ, movie=movie, review_id=review_id)
        return None if row is None else review_of(row)

    async def latest(self, movie: str, language: str, hide_spoilers: bool, limit: int, after: tuple[datetime, str] | None) -> list[Review]:
        return await self._page(_LATEST, movie, language, hide_spoilers, limit, after)

    async def most_liked(self, movie: str, language: str, hide_spoilers: bool, limit: int, after: tuple[int, str] | None) -> list[Review]:
        return await self._page(_MOST_LIKED, movie, language, hide_spoilers, limit, after)

    async def _page(
        self,
        statements: tuple[Statement, Statement],
        movie: str,
        language: str,
        hide_spoilers: bool,
        limit: int,
        after: tuple[object, str] | None,
    ) -> list[Review]:
        given = {"movie": movie, "language": language.lower(), "hide_spoilers": hide_spoilers, "limit": limit}
        first, following = statements
        if after is None:
            rows = await self._database.fetch_all(first, **given)
        else:
            rows = await self._database.fetch_all(following, **given, position=after[0], review_id=after[1])
        return [review_of(row) for row in rows]
