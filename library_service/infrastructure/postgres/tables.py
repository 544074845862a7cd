"""The tables of the context's database."""

import sqlalchemy as sa

from mesh.postgres.tables import add_mesh_tables

metadata = sa.MetaData()
add_mesh_tables(metadata)

_time = sa.TIMESTAMP(timezone=True)

# What the catalogue last told. Lists refer to it without a foreign key: a movie may be put on a list before its event has come.
movies = sa.Table(
    "movies",
    metadata,
    sa.Column("movie_id", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("title_key", sa.Text, nullable=False),
    sa.Column("original_title_key", sa.Text, nullable=False),
    sa.Column("release_year", sa.SmallInteger, nullable=False),
    sa.Column("deleted", sa.Boolean, nullable=False),
    sa.Column("update_time", _time, nullable=False),
    sa.Index("movies_by_title", "title_key", "release_year"),
    sa.Index("movies_by_original_title", "original_title_key", "release_year"),
)

# How much each user has of what is limited; its rows are the locks under which that grows.
collections = sa.Table(
    "collections",
    metadata,
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("kind", sa.SmallInteger, nullable=False, comment="1 watchlist, 2 favourites, 3 history, 4 playlists"),
    sa.Column("item_count", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("user_id", "kind", name="collections_pkey"),
    sa.CheckConstraint("kind BETWEEN 1 AND 4", name="collections_kind_is_known"),
    sa.CheckConstraint("item_count >= 0", name="collections_count_is_not_negative"),
)

marks = sa.Table(
    "marks",
    metadata,
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("shelf", sa.SmallInteger, nullable=False, comment="1 watchlist, 2 favourites"),
    sa.Column("movie_id", sa.Text, nullable=False),
    sa.Column("add_time", _time, nullable=False),
    sa.PrimaryKeyConstraint("user_id", "shelf", "movie_id", name="marks_pkey"),
    sa.CheckConstraint("shelf BETWEEN 1 AND 2", name="marks_shelf_is_known"),
    sa.Index("marks_latest", "user_id", "shelf", "add_time", "movie_id"),
)

viewings = sa.Table(
    "viewings",
    metadata,
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("movie_id", sa.Text, nullable=False),
    sa.Column("position", sa.Interval, nullable=False),
    sa.Column("duration", sa.Interval, comment="NULL: only said to be watched"),
    sa.Column("finished", sa.Boolean, nullable=False),
    sa.Column("view_count", sa.Integer, nullable=False),
    sa.Column("view_time", _time, nullable=False),
    sa.PrimaryKeyConstraint("user_id", "movie_id", name="viewings_pkey"),
    sa.Index("viewings_latest", "user_id", "view_time", "movie_id"),
    sa.Index("viewings_begun", "user_id", "view_time", "movie_id", postgresql_where=sa.text("NOT finished")),
)

playlists = sa.Table(
    "playlists",
    metadata,
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
    sa.Index("playlists_latest", "user_id", "create_time", "playlist_id"),
    sa.Index("playlists_public_latest", "user_id", "create_time", "playlist_id", postgresql_where=sa.text("visibility = 3")),
)


def _of_playlist(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["user_id", "playlist_id"], ["playlists.user_id", "playlists.playlist_id"], name=f"{name}_of_playlist", ondelete="CASCADE"
    )


playlist_entries = sa.Table(
    "playlist_entries",
    metadata,
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("playlist_id", sa.Text, nullable=False),
    sa.Column("movie_id", sa.Text, nullable=False),
    sa.Column("rank", sa.BigInteger, nullable=False),
    sa.Column("add_time", _time, nullable=False),
    sa.PrimaryKeyConstraint("user_id", "playlist_id", "movie_id", name="playlist_entries_pkey"),
    # Checked at the end of a statement: dealing ranks anew passes through states in which two are equal.
    sa.UniqueConstraint("user_id", "playlist_id", "rank", name="playlist_entries_have_one_order", deferrable=True, initially="IMMEDIATE"),
    _of_playlist("playlist_entries"),
)

followers = sa.Table(
    "followers",
    metadata,
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("playlist_id", sa.Text, nullable=False),
    sa.Column("follower", sa.Text, nullable=False),
    sa.Column("follow_time", _time, nullable=False),
    sa.PrimaryKeyConstraint("user_id", "playlist_id", "follower", name="followers_pkey"),
    _of_playlist("followers"),
    sa.Index("followers_latest", "follower", "follow_time", "user_id", "playlist_id"),
)
