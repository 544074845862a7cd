"""The check behind every test of summaries: they equal what counting all ratings again gives."""

from mesh.postgres.database import Database
from mesh.postgres.statements import text_statement
from rating_service.domain.ratings import HALF_STARS, RatingSummary

_RATINGS = text_statement("SELECT movie_id, half_stars, count(*) FROM ratings GROUP BY movie_id, half_stars")
_SUMMARIES = text_statement("""
    SELECT movie_id, ARRAY[score_1, score_2, score_3, score_4, score_5, score_6, score_7, score_8, score_9, score_10],
        rating_count, half_stars, bayesian_mean
    FROM rating_summaries
""")


async def wrong_summaries(database: Database) -> dict[str, str]:
    """By movie, what is wrong with its summary; empty when all is well."""
    counted: dict[str, list[int]] = {}
    for movie, half_stars, count in await database.fetch_all(_RATINGS):
        counted.setdefault(movie, [0] * len(HALF_STARS))[half_stars - 1] = count
    wrong = dict.fromkeys(counted, "has ratings and no summary")
    for movie, histogram, count, half_stars, bayesian_mean in await database.fetch_all(_SUMMARIES):
        wrong.pop(movie, None)
        expected = RatingSummary(movie, tuple(counted.get(movie, [0] * len(HALF_STARS))))
        if (tuple(histogram), count, half_stars, bayesian_mean) != (
            expected.histogram,
            expected.count,
            expected.half_stars,
            expected.bayesian_mean,
        ):
            wrong[movie] = f"{histogram}, {count}, {half_stars}, {bayesian_mean} instead of {expected}"
    return wrong
