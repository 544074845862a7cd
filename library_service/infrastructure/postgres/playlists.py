"""Playlists and their followers, inside a transaction."""

from library_service.domain.errors import PlaylistAlreadyExists, PlaylistNotFound, TooManyPlaylists
from library_service.domain.playlists import MOST_PLAYLISTS, Playlist, Visibility
from library_service.infrastructure.postgres.collections import Counted, Kind
from mesh.postgres.statements import Statement, text_statement
from mesh.postgres.transaction import Row, Transaction

PLAYLIST_COLUMNS = "user_id, playlist_id, title, description, visibility, create_time, update_time, entry_count, follower_count, revision"
PLAYLIST_WIDTH = 10
_ONE = "user_id = %(user)s AND playlist_id = %(playlist)s"

_LOCK = text_statement(f"SELECT {PLAYLIST_COLUMNS} FROM playlists WHERE {_ONE} FOR NO KEY UPDATE")  # noqa: S608  # constants of ours
_ADD = text_statement("""
    INSERT INTO playlists (user_id, playlist_id, title, description, visibility, create_time, update_time, revision)
    VALUES (%(user)s, %(playlist)s, %(title)s, %(description)s, %(visibility)s, %(create_time)s, %(update_time)s, %(revision)s)
    ON CONFLICT DO NOTHING
""")
_SAVE = text_statement(f"""
    UPDATE playlists SET title = %(title)s, description = %(description)s, visibility = %(visibility)s, update_time = %(update_time)s,
        revision = %(revision)s
    WHERE {_ONE}
""")  # noqa: S608  # constants of ours
_REMOVE = text_statement(f"DELETE FROM playlists WHERE {_ONE}")  # noqa: S608  # constants of ours
# The count changes by what the first part did, under the playlist's lock that the caller holds: it is exact whoever else is at it.
_FOLLOW = text_statement(f"""
    WITH followed AS (
        INSERT INTO followers (user_id, playlist_id, follower, follow_time) VALUES (%(user)s, %(playlist)s, %(follower)s, now())
        ON CONFLICT DO NOTHING RETURNING 1
    )
    UPDATE playlists SET follower_count = follower_count + (SELECT count(*) FROM followed) WHERE {_ONE} RETURNING {PLAYLIST_COLUMNS}
""")  # noqa: S608  # constants of ours
_UNFOLLOW = text_statement(f"""
    WITH unfollowed AS (DELETE FROM followers WHERE {_ONE} AND follower = %(follower)s RETURNING 1)
    UPDATE playlists SET follower_count = follower_count - (SELECT count(*) FROM unfollowed) WHERE {_ONE} RETURNING {PLAYLIST_COLUMNS}
""")  # noqa: S608  # constants of ours
_IS_FOLLOWED = text_statement(f"SELECT 1 FROM followers WHERE {_ONE} AND follower = %(follower)s")  # noqa: S608  # constants of ours
_FOLLOWED_COUNT = text_statement("SELECT count(*) FROM (SELECT 1 FROM followers WHERE follower = %(follower)s LIMIT %(most)s) AS counted")


def playlist_of(row: Row) -> Playlist:
    """Of a row of PLAYLIST_COLUMNS, whatever follows them."""
    user, playlist, title, description, visibility, create_time, update_time, entries, followers, revision = row[:PLAYLIST_WIDTH]
    return Playlist(
        user=user,
        playlist=playlist,
        title=title,
        description=description,
        visibility=Visibility(visibility),
        create_time=create_time,
        update_time=update_time,
        entry_count=entries,
        follower_count=followers,
        revision=revision,
    )


class PostgresPlaylists:
    """The port Playlists."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, playlist: Playlist) -> None:
        # First the playlist, then what counts it: the order of `remove` too.
        if not await self._transaction.execute(_ADD, **_key(playlist), **_decided(playlist), create_time=playlist.create_time):
            raise PlaylistAlreadyExists(playlist.user, playlist.playlist)
        counted = Counted(self._transaction, playlist.user, Kind.PLAYLISTS)
        if await counted.lock() >= MOST_PLAYLISTS:
            raise TooManyPlaylists(playlist.user, MOST_PLAYLISTS)
        await counted.change(1)

    async def lock(self, user: str, playlist: str) -> Playlist:
        row = await self._transaction.fetch_one(_LOCK, user=user, playlist=playlist)
        if row is None:
            raise PlaylistNotFound(user, playlist)
        return playlist_of(row)

    async def save(self, playlist: Playlist) -> None:
        await self._transaction.execute(_SAVE, **_key(playlist), **_decided(playlist))

    async def remove(self, playlist: Playlist) -> None:
        await self._transaction.execute(_REMOVE, **_key(playlist))
        counted = Counted(self._transaction, playlist.user, Kind.PLAYLISTS)
        await counted.lock()
        await counted.change(-1)

    async def follow(self, playlist: Playlist, follower: str) -> Playlist:
        return await self._counted(_FOLLOW, playlist, follower)

    async def unfollow(self, playlist: Playlist, follower: str) -> Playlist:
        return await self._counted(_UNFOLLOW, playlist, follower)

    async def is_followed(self, playlist: Playlist, follower: str) -> bool:
        return await self._transaction.fetch_one(_IS_FOLLOWED, **_key(playlist), follower=follower) is not None

    async def followed_count(self, follower: str, most: int) -> int:
        row = await self._transaction.fetch_one(_FOLLOWED_COUNT, follower=follower, most=most)
        return int(row[0]) if row else 0

    async def _counted(self, statement: Statement, playlist: Playlist, follower: str) -> Playlist:
        row = await self._transaction.fetch_one(statement, **_key(playlist), follower=follower)
        if row is None:
            raise PlaylistNotFound(playlist.user, playlist.playlist)
        return playlist_of(row)


def _key(playlist: Playlist) -> dict[str, object]:
    return {"user": playlist.user, "playlist": playlist.playlist}


def _decided(playlist: Playlist) -> dict[str, object]:
    return {
        "title": playlist.title,
        "description": playlist.description,
        "visibility": playlist.visibility.value,
        "update_time": playlist.update_time,
        "revision": playlist.revision,
    }
