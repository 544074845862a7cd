"""The tables of this context.

A document is three JSONB columns, so that a card is answered without reading cast, crew and keywords: PostgreSQL stores and fetches
large columns apart. Nothing is asked by containment, therefore there is no GIN index to maintain: who took part in what is `credits`,
which movies have a genre is counted in `genres`; both are written with the document.
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from mesh.postgres.tables import add_mesh_tables

metadata = sa.MetaData()
add_mesh_tables(metadata)

_timestamp = sa.TIMESTAMP(timezone=True)


def _id() -> sa.Text:
    # Pages are in the order of the bytes, whatever the locale of the cluster.
    return sa.Text(collation="C")


movie_metadata = sa.Table(
    "movie_metadata",
    metadata,
    sa.Column("movie", _id(), nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("card", JSONB, nullable=False, comment="what every view shows, and the texts for readers of no language of the document"),
    sa.Column("details", JSONB, nullable=False, comment="keywords, cast, crew"),
    sa.Column("localizations", JSONB, nullable=False),
    sa.Column("create_time", _timestamp, nullable=False),
    sa.Column("update_time", _timestamp, nullable=False),
    sa.PrimaryKeyConstraint("movie", name="movie_metadata_pkey"),
    sa.CheckConstraint("revision >= 1", name="movie_metadata_revision_is_positive"),
)

people = sa.Table(
    "people",
    metadata,
    sa.Column("person", _id(), nullable=False),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("person", name="people_pkey"),
)

credits = sa.Table(
    "credits",
    metadata,
    sa.Column("person", _id(), nullable=False),
    sa.Column("movie", _id(), nullable=False),
    sa.Column("characters", ARRAY(sa.Text), nullable=False),
    sa.Column("jobs", ARRAY(sa.Text), nullable=False),
    sa.PrimaryKeyConstraint("person", "movie", name="credits_pkey"),
    sa.ForeignKeyConstraint(["person"], ["people.person"], name="credits_person_fkey"),
    sa.ForeignKeyConstraint(["movie"], ["movie_metadata.movie"], name="credits_movie_fkey", ondelete="CASCADE"),
    sa.Index("credits_movie", "movie"),
)

genres = sa.Table(
    "genres",
    metadata,
    sa.Column("genre", _id(), nullable=False),
    sa.Column("movie_count", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("genre", name="genres_pkey"),
    sa.CheckConstraint("movie_count >= 0", name="genres_movie_count_is_not_negative"),
)
