"""The tables of the context's database."""

import sqlalchemy as sa

from mesh.postgres.tables import add_mesh_tables
from rating_service.domain.ratings import HALF_STARS, PRIOR_MEAN, PRIOR_WEIGHT
from rating_service.infrastructure.postgres.summaries import SCORE_COLUMNS

metadata = sa.MetaData()
add_mesh_tables(metadata)

_COUNT = " + ".join(SCORE_COLUMNS)
_HALF_STARS = " + ".join(f"{half} * {column}" for half, column in zip(HALF_STARS, SCORE_COLUMNS, strict=True))
_PRIOR = f"({2 * PRIOR_WEIGHT * PRIOR_MEAN:g} + {_HALF_STARS})::double precision / (2 * ({PRIOR_WEIGHT} + {_COUNT}))"
_time = sa.TIMESTAMP(timezone=True)

ratings = sa.Table(
    "ratings",
    metadata,
    sa.Column("movie_id", sa.Text, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("half_stars", sa.SmallInteger, nullable=False),
    sa.Column("source", sa.Text, nullable=False, server_default="", comment="empty: given here"),
    sa.Column("create_time", _time, nullable=False),
    sa.Column("update_time", _time, nullable=False),
    sa.PrimaryKeyConstraint("movie_id", "user_id", name="ratings_pkey"),
    sa.CheckConstraint("half_stars BETWEEN 1 AND 10", name="ratings_half_stars_are_a_score"),
    sa.Index("ratings_of_movie", "movie_id", "update_time", "user_id"),
    sa.Index("ratings_of_user", "user_id", "update_time", "movie_id"),
    sa.Index("ratings_of_source", "source", postgresql_where=sa.text("source <> ''")),
)

# Only the ten counts are written; what follows from them is computed by PostgreSQL, so it cannot disagree with them.
rating_summaries = sa.Table(
    "rating_summaries",
    metadata,
    sa.Column("movie_id", sa.Text, nullable=False),
    *(sa.Column(column, sa.Integer, nullable=False, server_default="0") for column in SCORE_COLUMNS),
    sa.Column("rating_count", sa.Integer, sa.Computed(_COUNT, persisted=True), nullable=False),
    sa.Column("half_stars", sa.Integer, sa.Computed(_HALF_STARS, persisted=True), nullable=False, comment="sum of the scores"),
    sa.Column("bayesian_mean", sa.Double, sa.Computed(_PRIOR, persisted=True), nullable=False),
    sa.Column("update_time", _time, nullable=False),
    sa.Column("unannounced_since", _time, comment="NULL: the last change was announced"),
    sa.PrimaryKeyConstraint("movie_id", name="rating_summaries_pkey"),
    sa.CheckConstraint(f"least({', '.join(SCORE_COLUMNS)}) >= 0", name="rating_summaries_counts_are_not_negative"),
    sa.Index("rating_summaries_top_rated", "bayesian_mean", "movie_id", postgresql_where=sa.text("rating_count > 0")),
    sa.Index("rating_summaries_unannounced", "movie_id", postgresql_where=sa.text("unannounced_since IS NOT NULL")),
)

reviews = sa.Table(
    "reviews",
    metadata,
    sa.Column("movie_id", sa.Text, nullable=False),
    sa.Column("review_id", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("language_code", sa.Text, nullable=False),
    sa.Column("spoiler", sa.Boolean, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False, comment="1 published, 2 hidden, 3 removed"),
    sa.Column("create_time", _time, nullable=False),
    sa.Column("update_time", _time, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("like_count", sa.Integer, nullable=False, server_default="0"),
    sa.Column("report_count", sa.Integer, nullable=False, server_default="0"),
    sa.PrimaryKeyConstraint("movie_id", "review_id", name="reviews_pkey"),
    sa.UniqueConstraint("movie_id", "author", name="reviews_one_for_each_author"),
    sa.CheckConstraint("state BETWEEN 1 AND 3", name="reviews_state_is_known"),
    sa.CheckConstraint("like_count >= 0 AND report_count >= 0", name="reviews_counts_are_not_negative"),
    sa.Index("reviews_latest", "movie_id", "create_time", "review_id", postgresql_where=sa.text("state = 1")),
    sa.Index("reviews_of_author", "author"),
    sa.Index("reviews_most_liked", "movie_id", "like_count", "review_id", postgresql_where=sa.text("state = 1")),
)


def _of_review(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["movie_id", "review_id"], ["reviews.movie_id", "reviews.review_id"], name=f"{name}_of_review", ondelete="CASCADE"
    )


review_likes = sa.Table(
    "review_likes",
    metadata,
    sa.Column("movie_id", sa.Text, nullable=False),
    sa.Column("review_id", sa.Text, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("movie_id", "review_id", "user_id", name="review_likes_pkey"),
    _of_review("review_likes"),
    sa.Index("review_likes_of_user", "user_id"),
)

review_reports = sa.Table(
    "review_reports",
    metadata,
    sa.Column("movie_id", sa.Text, nullable=False),
    sa.Column("review_id", sa.Text, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("reason", sa.SmallInteger, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("report_time", _time, nullable=False),
    sa.PrimaryKeyConstraint("movie_id", "review_id", "user_id", name="review_reports_pkey"),
    _of_review("review_reports"),
    sa.Index("review_reports_of_user", "user_id"),
)

# Without a foreign key: the record outlives the review.
review_decisions = sa.Table(
    "review_decisions",
    metadata,
    sa.Column("decision_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("movie_id", sa.Text, nullable=False),
    sa.Column("review_id", sa.Text, nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("moderator", sa.Text, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("decide_time", _time, nullable=False),
    sa.Index("review_decisions_of_review", "movie_id", "review_id"),
    sa.Index("review_decisions_of_moderator", "moderator"),
)
