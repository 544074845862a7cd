"""Things have facts and labels."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("things", sa.Column("facts", JSONB, nullable=False, server_default=sa.text("'{}'")))
    op.add_column("things", sa.Column("labels", ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")))


def downgrade() -> None:
    op.drop_column("things", "labels")
    op.drop_column("things", "facts")
