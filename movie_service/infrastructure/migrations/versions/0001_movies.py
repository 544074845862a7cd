"""The mesh's tables and the catalogue."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from mesh.postgres.tables import create_mesh_tables, drop_mesh_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_mesh_tables(op)
    timestamp = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "movies",
        sa.Column("id", sa.Text(collation="C"), nullable=False, comment="last part of movies/{movie}"),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("original_title", sa.Text, nullable=False),
        sa.Column("release_year", sa.Integer, nullable=False, comment="0: unknown"),
        sa.Column("release_date", sa.Date),
        sa.Column("runtime_seconds", sa.Integer),
        sa.Column("original_language", sa.Text, nullable=False),
        sa.Column("genres", ARRAY(sa.Text), nullable=False),
        sa.Column("create_time", timestamp, nullable=False),
        sa.Column("update_time", timestamp, nullable=False),
        sa.Column("delete_time", timestamp, comment="NULL: active"),
        sa.Column("revision", sa.BigInteger, nullable=False, comment="the etag"),
        sa.PrimaryKeyConstraint("id", name="movies_pkey"),
        sa.CheckConstraint("id ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name="movies_id_is_valid"),
        sa.CheckConstraint("title <> ''", name="movies_title_is_there"),
        sa.CheckConstraint(
            "release_date IS NULL OR extract(year FROM release_date) = release_year", name="movies_release_date_in_its_year"
        ),
        sa.CheckConstraint("runtime_seconds > 0 AND runtime_seconds <= 360000", name="movies_runtime_is_plausible"),
    )
    op.create_index("movies_by_title", "movies", [sa.text("lower(title)"), "id"])
    op.create_index("movies_by_release_year", "movies", ["release_year", "id"])
    op.create_index("movies_by_create_time", "movies", ["create_time", "id"])
    op.create_index(
        "movies_by_release",
        "movies",
        [sa.text("release_year DESC"), sa.text("release_date DESC NULLS LAST"), "id"],
        postgresql_where=sa.text("delete_time IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("movies")
    drop_mesh_tables(op)
