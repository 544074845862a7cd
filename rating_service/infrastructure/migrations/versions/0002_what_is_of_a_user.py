"""Indexes by which everything of a user is found, to export and to erase it."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("reviews_of_author", "reviews", ["author"])
    op.create_index("review_likes_of_user", "review_likes", ["user_id"])
    op.create_index("review_reports_of_user", "review_reports", ["user_id"])
    op.create_index("review_decisions_of_moderator", "review_decisions", ["moderator"])


def downgrade() -> None:
    op.drop_index("review_decisions_of_moderator")
    op.drop_index("review_reports_of_user")
    op.drop_index("review_likes_of_user")
    op.drop_index("reviews_of_author")
