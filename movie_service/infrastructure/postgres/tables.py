"""The tables of the catalogue."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from mesh.postgres.tables import add_mesh_tables
from movie_service.infrastructure.search.tables import add_search_tables

metadata = sa.MetaData()
add_mesh_tables(metadata)
add_search_tables(metadata)

_timestamp = sa.TIMESTAMP(timezone=True)

movies = sa.Table(
    "movies",
    metadata,
    sa.Column("id", sa.Text(collation="C"), nullable=False, comment="last part of movies/{movie}"),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("original_title", sa.Text, nullable=False),
    sa.Column("release_year", sa.Integer, nullable=False, comment="0: unknown"),
    sa.Column("release_date", sa.Date),
    sa.Column("runtime_seconds", sa.Integer),
    sa.Column("original_language", sa.Text, nullable=False),
    sa.Column("genres", ARRAY(sa.Text), nullable=False),
    sa.Column("create_time", _timestamp, nullable=False),
    sa.Column("update_time", _timestamp, nullable=False),
    sa.Column("delete_time", _timestamp, comment="NULL: active"),
    sa.Column("revision", sa.BigInteger, nullable=False, comment="the etag"),
    sa.PrimaryKeyConstraint("id", name="movies_pkey"),
    sa.CheckConstraint("id ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name="movies_id_is_valid"),
    sa.CheckConstraint("title <> ''", name="movies_title_is_there"),
    sa.CheckConstraint("release_date IS NULL OR extract(year FROM release_date) = release_year", name="movies_release_date_in_its_year"),
    sa.CheckConstraint("runtime_seconds > 0 AND runtime_seconds <= 360000", name="movies_runtime_is_plausible"),
    # For lists: the sort key and the id in one direction, so that one index serves both.
    sa.Index("movies_by_title", sa.text("lower(title)"), "id"),
    sa.Index("movies_by_release_year", "release_year", "id"),
    sa.Index("movies_by_create_time", "create_time", "id"),
    # For the row of new movies.
    sa.Index(
        "movies_by_release",
        sa.text("release_year DESC"),
        sa.text("release_date DESC NULLS LAST"),
        "id",
        postgresql_where=sa.text("delete_time IS NULL"),
    ),
)
