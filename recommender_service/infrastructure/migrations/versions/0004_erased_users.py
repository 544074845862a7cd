"""Users who were erased: nothing that is told late brings them back, and replicas forget them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "erased_users",
        sa.Column("erase_no", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("last_interaction", sa.BigInteger, nullable=False, comment="of all, when it was erased: positions never go back"),
        sa.PrimaryKeyConstraint("erase_no", name="erased_users_pkey"),
        sa.UniqueConstraint("user_id", name="erased_users_once"),
    )


def downgrade() -> None:
    op.drop_table("erased_users")
