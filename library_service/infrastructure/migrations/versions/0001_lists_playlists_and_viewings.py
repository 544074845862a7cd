"""Lists, playlists, viewings, and what the catalogue told of movies."""

import sqlalchemy as sa
from alembic import op

from mesh.postgres.tables import create_mesh_tables, drop_mesh_tables

revision = "0001"
down_revision = None

_time = sa.TIMESTAMP(timezone=True)


def _of_playlist(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["user_id", "playlist_id"], ["playlists.user_id", "playlists.playlist_id"], name=f"{name}_of_playlist", ondelete="CASCADE"
    )


def upgrade() -> None:
    create_mesh_tables(op)
    op.create_table(
        "movies",
        sa.Column("movie_id", sa.Text, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("title_key", sa.Text, nullable=False),
        sa.Column("original_title_key", sa.Text, nullable=False),
        sa.Column("release_year", sa.SmallInteger, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.Column("update_time", _time, nullable=False),
    )
    op.create_index("movies_by_title", "movies", ["title_key", "release_year"])
    op.create_index("movies_by_original_title", "movies", ["original_title_key", "release_year"])
    op.create_table(
        "collections",
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("kind", sa.SmallInteger, nullable=False, comment="1 watchlist, 2 favourites, 3 history, 4 playlists"),
        sa.Column("item_count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "kind", name="collections_pkey"),
        sa.CheckConstraint("kind BETWEEN 1 AND 4", name="collections_kind_is_known"),
        sa.CheckConstraint("item_count >= 0", name="collections_count_is_not_negative"),
    )
    op.create_table(
        "marks",
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("shelf", sa.SmallInteger, nullable=False, comment="1 watchlist, 2 favourites"),
        sa.Column("movie_id", sa.Text, nullable=False),
        sa.Column("add_time", _time, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "shelf", "movie_id", name="marks_pkey"),
        sa.CheckConstraint("shelf BETWEEN 1 AND 2", name="marks_shelf_is_known"),
    )
    op.create_index("marks_latest", "marks", ["user_id", "shelf", "add_time", "movie_id"])
    op.create_table(
        "viewings",
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("movie_id", sa.Text, nullable=False),
        sa.Column("position", sa.Interval, nullable=False),
        sa.Column("duration", sa.Interval, comment="NULL: only said to be watched"),
        sa.Column("finished", sa.Boolean, nullable=False),
        sa.Column("view_count", sa.Integer, nullable=False),
        sa.Column("view_time", _time, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "movie_id", name="viewings_pkey"),
    )
    op.create_index("viewings_latest", "viewings", ["user_id", "view_time", "movie_id"])
    op.create_index("viewings_begun", "viewings", ["user_id", "view_time", "movie_id"], postgresql_where=sa.text("NOT finished"))
    op.create_table(
        "playlists",
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("playlist_id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("visibility", sa.SmallInteger, nullable=False, comment="1 private, 2 unlisted, 3 public"),
        sa.Column("entry_count", sa.Integer, nullable=False, server_default="0"),
        sa.Column("follower_count", sa.Integer, nullable=False, server_default="0"),
        sa.Column("deal_count", sa.Integer, nullable=False, server_default="0", comment="how often ranks were dealt anew"),
        sa.Column("create_time", _time, nullable=False),
        sa.Column("update_time", _time, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "playlist_id", name="playlists_pkey"),
        sa.CheckConstraint("visibility BETWEEN 1 AND 3", name="playlists_visibility_is_known"),
        sa.CheckConstraint("entry_count BETWEEN 0 AND 10000", name="playlists_have_10000_entries_at_most"),
        sa.CheckConstraint("follower_count >= 0", name="playlists_follower_count_is_not_negative"),
    )
    op.create_index("playlists_latest", "playlists", ["user_id", "create_time", "playlist_id"])
    op.create_index(
        "playlists_public_latest", "playlists", ["user_id", "create_time", "playlist_id"], postgresql_where=sa.text("visibility = 3")
    )
    op.create_table(
        "playlist_entries",
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("playlist_id", sa.Text, nullable=False),
        sa.Column("movie_id", sa.Text, nullable=False),
        sa.Column("rank", sa.BigInteger, nullable=False),
        sa.Column("add_time", _time, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "playlist_id", "movie_id", name="playlist_entries_pkey"),
        # Checked at the end of a statement: dealing all ranks anew passes through states in which two are equal.
        sa.UniqueConstraint(
            "user_id", "playlist_id", "rank", name="playlist_entries_have_one_order", deferrable=True, initially="IMMEDIATE"
        ),
        _of_playlist("playlist_entries"),
    )
    op.create_table(
        "followers",
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("playlist_id", sa.Text, nullable=False),
        sa.Column("follower", sa.Text, nullable=False),
        sa.Column("follow_time", _time, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "playlist_id", "follower", name="followers_pkey"),
        _of_playlist("followers"),
    )
    op.create_index("followers_latest", "followers", ["follower", "follow_time", "user_id", "playlist_id"])


def downgrade() -> None:
    op.drop_table("followers")
    op.drop_table("playlist_entries")
    op.drop_table("playlists")
    op.drop_table("viewings")
    op.drop_table("marks")
    op.drop_table("collections")
    op.drop_table("movies")
    drop_mesh_tables(op)
