"""The mesh's tables and the first form of `things`."""

import sqlalchemy as sa
from alembic import op

from mesh.postgres.tables import create_mesh_tables, drop_mesh_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_mesh_tables(op)
    op.create_table(
        "things",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("name", name="things_pkey"),
        sa.CheckConstraint("count >= 0", name="things_count_is_not_negative"),
    )


def downgrade() -> None:
    op.drop_table("things")
    drop_mesh_tables(op)
