"""Reads of playlists and their entries: one statement each, no transaction."""

from collections.abc import Sequence
from datetime import datetime

from library_service.application.ports import EntryPosition, FollowedPlaylist
from library_service.domain.playlists import LAST_RANK, Entry, Playlist
from library_service.infrastructure.postgres.entries import ENTRY_COLUMNS, entry_of
from library_service.infrastructure.postgres.movies import joined
from library_service.infrastructure.postgres.paging import LatestFirst
from library_service.infrastructure.postgres.playlists import PLAYLIST_COLUMNS, PLAYLIST_WIDTH, playlist_of
from mesh.postgres.database import Database
from mesh.postgres.statements import text_statement

_OF_USER = "user_id = %(user)s"
_PLAYLIST = text_statement(f"SELECT {PLAYLIST_COLUMNS} FROM playlists WHERE {_OF_USER} AND playlist_id = %(playlist)s")  # noqa: S608  # constants of ours
_ALL = LatestFirst(PLAYLIST_COLUMNS, "playlists", _OF_USER, "create_time", "playlist_id")
_PUBLIC = LatestFirst(PLAYLIST_COLUMNS, "playlists", f"{_OF_USER} AND visibility = 3", "create_time", "playlist_id")
_FOLLOWED = LatestFirst(
    f"{PLAYLIST_COLUMNS}, follow_time",
    "followers JOIN playlists USING (user_id, playlist_id)",
    "follower = %(follower)s AND (visibility <> 1 OR user_id = %(follower)s)",
    "follow_time",
    "user_id || '/' || playlist_id",
)
# Where the page begins is found first, so that the index is entered there. Of a position from before ranks were dealt anew only the entry
# is good; if it has left the playlist meanwhile, the old rank is a guess.
_ENTRIES = text_statement(f"""
    SELECT (SELECT deal_count FROM playlists WHERE user_id = %(user)s AND playlist_id = %(playlist)s), {ENTRY_COLUMNS}
    FROM {joined("playlist_entries")}
    WHERE user_id = %(user)s AND playlist_id = %(playlist)s AND rank > (
        SELECT CASE
            WHEN deal_count = %(dealt)s THEN %(rank)s::bigint
            ELSE coalesce((
                SELECT rank FROM playlist_entries WHERE user_id = %(user)s AND playlist_id = %(playlist)s AND movie_id = %(movie)s
            ), %(rank)s::bigint)
        END FROM playlists WHERE user_id = %(user)s AND playlist_id = %(playlist)s
    )
    ORDER BY rank LIMIT %(limit)s
""")  # noqa: S608  # constants of ours
_FROM_THE_FRONT = EntryPosition(-LAST_RANK - 1, 0, "")


class PostgresPlaylistReader:
    """The port PlaylistReader."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def playlist(self, user: str, playlist: str) -> Playlist | None:
        row = await self._database.fetch_one(_PLAYLIST, user=user, playlist=playlist)
        return None if row is None else playlist_of(row)

    async def of_user(self, user: str, public_only: bool, limit: int, after: tuple[datetime, str] | None) -> Sequence[Playlist]:
        pages = _PUBLIC if public_only else _ALL
        return [playlist_of(row) for row in await pages.page(self._database, limit, after, user=user)]

    async def followed(self, follower: str, limit: int, after: tuple[datetime, str] | None) -> Sequence[FollowedPlaylist]:
        rows = await _FOLLOWED.page(self._database, limit, after, follower=follower)
        return [FollowedPlaylist(playlist_of(row), row[PLAYLIST_WIDTH]) for row in rows]

    async def entries(self, user: str, playlist: str, limit: int, after: EntryPosition | None) -> tuple[Sequence[Entry], int]:
        begin = after or _FROM_THE_FRONT
        given = {"rank": begin.rank, "dealt": begin.dealt, "movie": begin.movie}
        rows = await self._database.fetch_all(_ENTRIES, user=user, playlist=playlist, limit=limit, **given)
        return [entry_of(row[1:]) for row in rows], rows[0][0] if rows else 0
