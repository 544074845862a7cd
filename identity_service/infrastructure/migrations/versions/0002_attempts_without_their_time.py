"""The time of the last try was never read: when the next one may be made says all."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_column("attempts", "last_time")


def downgrade() -> None:
    op.add_column("attempts", sa.Column("last_time", sa.TIMESTAMP(timezone=True), nullable=False, server_default=sa.func.now()))
    op.alter_column("attempts", "last_time", server_default=None)
