"""What this context holds about a user: exported to identity, and erased when identity says so."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from library_service.application.whole_lists import all_followed, all_playlists, whole_history, whole_playlist, whole_shelf
from library_service.domain.events import Event, PlaylistWithdrawn
from library_service.domain.marks import Shelf
from library_service.infrastructure.grpc import translate
from library_service.infrastructure.postgres.marks import PostgresMarkReader
from library_service.infrastructure.postgres.playlist_reader import PostgresPlaylistReader
from library_service.infrastructure.postgres.playlists import PLAYLIST_COLUMNS, playlist_of
from library_service.infrastructure.postgres.viewings import PostgresViewingReader
from mesh.personal_data import Documents
from mesh.postgres.database import Database
from mesh.postgres.outbox import OutboxMessage, write_outbox
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction

# The playlists first and in one order, as whoever follows does: their counts change with their followers.
_LOCK_FOLLOWED = text_statement("""
    SELECT count(*) FROM (
        SELECT 1 FROM playlists WHERE (user_id, playlist_id) IN (SELECT user_id, playlist_id FROM followers WHERE follower = %(user)s)
        ORDER BY user_id, playlist_id FOR NO KEY UPDATE
    ) AS locked
""")
_UNFOLLOW = text_statement("""
    WITH gone AS (DELETE FROM followers WHERE follower = %(user)s RETURNING user_id, playlist_id),
    counted AS (
        UPDATE playlists AS p SET follower_count = follower_count - 1 FROM gone
        WHERE p.user_id = gone.user_id AND p.playlist_id = gone.playlist_id
    )
    SELECT count(*) FROM gone
""")
_PLAYLISTS = text_statement(f"SELECT {PLAYLIST_COLUMNS} FROM playlists WHERE user_id = %(user)s ORDER BY playlist_id FOR UPDATE")  # noqa: S608  # constants of ours
# One at a time: its entries and followers go with it, and a statement has its limit of time.
_REMOVE_PLAYLIST = text_statement("DELETE FROM playlists WHERE user_id = %(user)s AND playlist_id = %(playlist)s")
_REMOVE_MARKS = text_statement("DELETE FROM marks WHERE user_id = %(user)s")
_REMOVE_VIEWINGS = text_statement("DELETE FROM viewings WHERE user_id = %(user)s")
_REMOVE_COLLECTIONS = text_statement("DELETE FROM collections WHERE user_id = %(user)s")


class LibraryPersonalData:
    """The port PersonalData of mesh."""

    def __init__(self, database: Database, encode: Callable[[Event], OutboxMessage]) -> None:
        self._encode = encode
        self._marks, self._viewings = PostgresMarkReader(database), PostgresViewingReader(database)
        self._playlists = PostgresPlaylistReader(database)

    async def erase(self, transaction: Transaction, user: str) -> int:
        await transaction.fetch_one(_LOCK_FOLLOWED, user=user)
        unfollowed = await transaction.fetch_one(_UNFOLLOW, user=user)
        playlists = [playlist_of(row) for row in await transaction.fetch_all(_PLAYLISTS, user=user)]
        for playlist in playlists:
            await transaction.execute(_REMOVE_PLAYLIST, user=user, playlist=playlist.playlist)
        marks = await transaction.execute(_REMOVE_MARKS, user=user)
        viewings = await transaction.execute(_REMOVE_VIEWINGS, user=user)
        await transaction.execute(_REMOVE_COLLECTIONS, user=user)
        await write_outbox(transaction, [self._encode(PlaylistWithdrawn(each)) for each in playlists if each.is_public])
        entries = sum(playlist.entry_count for playlist in playlists)
        return marks + viewings + len(playlists) + entries + (unfollowed[0] if unfollowed else 0)

    async def export(self, user: str) -> AsyncIterator[tuple[str, Documents]]:
        async for marks in whole_shelf(self._marks, user, Shelf.WATCHLIST):
            yield "watchlist", _documents(map(translate.watchlist_message, marks))
        async for marks in whole_shelf(self._marks, user, Shelf.FAVORITES):
            yield "favorites", _documents(map(translate.favorite_message, marks))
        async for viewings in whole_history(self._viewings, user):
            yield "history", _documents(map(translate.viewing_message, viewings))
        async for playlists in all_playlists(self._playlists, user):
            yield "playlists", _documents(map(translate.playlist_message, playlists))
            for playlist in playlists:
                async for entries in whole_playlist(self._playlists, user, playlist.playlist):
                    yield "playlist_entries", _documents(map(translate.entry_message, entries))
        async for followed in all_followed(self._playlists, user):
            yield "followed_playlists", [{"name": translate.playlist_message(each.playlist).name} for each in followed]


def _documents(messages: Iterable[Message]) -> Iterable[Mapping[str, Any]]:
    return [MessageToDict(message) for message in messages]
