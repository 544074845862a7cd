"""Who did something with a movie last: for movies that no training knows yet."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index("interactions_of_movie", "interactions", ["movie_no", "id"])


def downgrade() -> None:
    op.drop_index("interactions_of_movie", "interactions")
