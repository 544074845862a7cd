"""Reads of ratings and summaries: one statement each, no transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from mesh.postgres.database import Database
from mesh.postgres.statements import Statement, text_statement
from rating_service.domain.ratings import Rating, RatingSummary, TasteSimilarity
from rating_service.infrastructure.postgres.ratings import RATING_COLUMNS, rating_of
from rating_service.infrastructure.postgres.summaries import SUMMARY_COLUMNS, summary_of


def _rating_page(parent: str, other: str) -> tuple[Statement, Statement]:
    """The first page and those after it; both read the index backwards."""
    first, after = (
        text_statement(f"""
            SELECT {RATING_COLUMNS} FROM ratings WHERE {parent} = %(parent)s {condition}
            ORDER BY update_time DESC, {other} DESC LIMIT %(limit)s
        """)  # noqa: S608  # constants of ours
        for condition in ("", f"AND (update_time, {other}) < (%(time)s, %(id)s)")
    )
    return first, after


_RATING = text_statement(f"SELECT {RATING_COLUMNS} FROM ratings WHERE movie_id = %(movie)s AND user_id = %(user)s")  # noqa: S608  # constants of ours
_RATINGS = text_statement(f"""
    SELECT {RATING_COLUMNS} FROM ratings
    JOIN unnest(%(movies)s::text[], %(users)s::text[]) AS wanted (movie_id, user_id) USING (movie_id, user_id)
""")  # noqa: S608  # constants of ours
_OF_MOVIE = _rating_page("movie_id", "user_id")
_OF_USER = _rating_page("user_id", "movie_id")
_SUMMARY = text_statement(f"SELECT {SUMMARY_COLUMNS} FROM rating_summaries WHERE movie_id = %(movie)s")  # noqa: S608  # constants of ours
_SUMMARIES = text_statement(f"SELECT {SUMMARY_COLUMNS} FROM rating_summaries WHERE movie_id = ANY (%(movies)s)")  # noqa: S608  # constants of ours
_TOP_FIRST, _TOP_AFTER = (
    text_statement(f"""
        SELECT {SUMMARY_COLUMNS} FROM rating_summaries WHERE rating_count > 0 AND rating_count >= %(least_count)s {condition}
        ORDER BY bayesian_mean DESC, movie_id DESC LIMIT %(limit)s
    """)  # noqa: S608  # constants of ours
    for condition in ("", "AND (bayesian_mean, movie_id) < (%(mean)s, %(movie)s)")
)
_SIMILARITY = text_statement("""
    SELECT count(*), coalesce(corr(a.half_stars, b.half_stars), 0)
    FROM ratings AS a JOIN ratings AS b USING (movie_id) WHERE a.user_id = %(user)s AND b.user_id = %(other)s
""")


class PostgresRatingReader:
    """The port RatingReader."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rating(self, movie: str, user: str) -> Rating | None:
        row = await self._database.fetch_one(_RATING, movie=movie, user=user)
        return None if row is None else rating_of(row)

    async def ratings(self, wanted: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Rating]:
        movies, users = [movie for movie, _ in wanted], [user for _, user in wanted]
        found = map(rating_of, await self._database.fetch_all(_RATINGS, movies=movies, users=users))
        return {(rating.movie, rating.user): rating for rating in found}

    async def of_movie(self, movie: str, limit: int, after: tuple[datetime, str] | None) -> list[Rating]:
        return await self._page(_OF_MOVIE, movie, limit, after)

    async def of_user(self, user: str, limit: int, after: tuple[datetime, str] | None) -> list[Rating]:
        return await self._page(_OF_USER, user, limit, after)

    async def summary(self, movie: str) -> RatingSummary:
        row = await self._database.fetch_one(_SUMMARY, movie=movie)
        return RatingSummary(movie) if row is None else summary_of(row)

    async def summaries(self, movies: Sequence[str]) -> list[RatingSummary]:
        rows = await self._database.fetch_all(_SUMMARIES, movies=list(movies))
        found = {row[0]: summary_of(row) for row in rows}
        return [found.get(movie) or RatingSummary(movie) for movie in movies]

    async def top_rated(self, least_count: int, limit: int, after: tuple[float, str] | None) -> list[RatingSummary]:
        if after is None:
            rows = await self._database.fetch_all(_TOP_FIRST, least_count=least_count, limit=limit)
        else:
            rows = await self._database.fetch_all(_TOP_AFTER, least_count=least_count, limit=limit, mean=after[0], movie=after[1])
        return [summary_of(row) for row in rows]

    async def similarity(self, user: str, other: str) -> TasteSimilarity:
        row = await self._database.fetch_one(_SIMILARITY, user=user, other=other)
        return TasteSimilarity(row[1], row[0]) if row else TasteSimilarity(0.0, 0)

    async def _page(
        self, statements: tuple[Statement, Statement], parent: str, limit: int, after: tuple[datetime, str] | None
    ) -> list[Rating]:
        first, following = statements
        if after is None:
            rows = await self._database.fetch_all(first, parent=parent, limit=limit)
        else:
            rows = await self._database.fetch_all(following, parent=parent, limit=limit, time=after[0], id=after[1])
        return [rating_of(row) for row in rows]
