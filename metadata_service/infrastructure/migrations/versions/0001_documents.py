"""The mesh's tables, documents, people, credits and genres."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from mesh.postgres.tables import create_mesh_tables, drop_mesh_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_mesh_tables(op)
    op.create_table(
        "movie_metadata",
        sa.Column("movie", sa.Text(collation="C"), nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("card", JSONB, nullable=False, comment="what every view shows, and the texts for readers of no language of the document"),
        sa.Column("details", JSONB, nullable=False, comment="keywords, cast, crew"),
        sa.Column("localizations", JSONB, nullable=False),
        sa.Column("create_time", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("update_time", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("movie", name="movie_metadata_pkey"),
        sa.CheckConstraint("revision >= 1", name="movie_metadata_revision_is_positive"),
    )
    op.create_table(
        "people",
        sa.Column("person", sa.Text(collation="C"), nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("person", name="people_pkey"),
    )
    op.create_table(
        "credits",
        sa.Column("person", sa.Text(collation="C"), nullable=False),
        sa.Column("movie", sa.Text(collation="C"), nullable=False),
        sa.Column("characters", ARRAY(sa.Text), nullable=False),
        sa.Column("jobs", ARRAY(sa.Text), nullable=False),
        sa.PrimaryKeyConstraint("person", "movie", name="credits_pkey"),
        sa.ForeignKeyConstraint(["person"], ["people.person"], name="credits_person_fkey"),
        sa.ForeignKeyConstraint(["movie"], ["movie_metadata.movie"], name="credits_movie_fkey", ondelete="CASCADE"),
    )
    op.create_index("credits_movie", "credits", ["movie"])
    op.create_table(
        "genres",
        sa.Column("genre", sa.Text(collation="C"), nullable=False),
        sa.Column("movie_count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("genre", name="genres_pkey"),
        sa.CheckConstraint("movie_count >= 0", name="genres_movie_count_is_not_negative"),
    )


def downgrade() -> None:
    for table in ("genres", "credits", "people", "movie_metadata"):
        op.drop_table(table)
    drop_mesh_tables(op)
