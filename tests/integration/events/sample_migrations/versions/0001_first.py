"""The mesh's tables and `received`, where an effect that happens twice shows as two rows."""

import sqlalchemy as sa
from alembic import op

from mesh.postgres.tables import create_mesh_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_mesh_tables(op)
    op.create_table(
        "received",
        sa.Column("position", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
    )
