"""The entries of a playlist, inside a transaction that holds the playlist's lock."""

from collections.abc import Sequence

from library_service.application.ports import Added, Growth
from library_service.domain.errors import EntryNotFound
from library_service.domain.playlists import GAP, LAST_RANK, MOST_ENTRIES, Entry, Playlist, spread_ranks
from library_service.infrastructure.postgres.collections import fitting
from library_service.infrastructure.postgres.movies import KNOWN_COLUMNS, joined, known_of
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Row, Transaction

ENTRY_COLUMNS = f"user_id, playlist_id, rank, add_time, {KNOWN_COLUMNS}"
_OF_PLAYLIST = "user_id = %(user)s AND playlist_id = %(playlist)s"

_FIND = text_statement(f"SELECT {ENTRY_COLUMNS} FROM {joined('playlist_entries')} WHERE {_OF_PLAYLIST} AND movie_id = %(movie)s")  # noqa: S608  # constants of ours
_THERE = text_statement(f"SELECT movie_id FROM playlist_entries WHERE {_OF_PLAYLIST} AND movie_id = ANY (%(movies)s)")  # noqa: S608  # constants of ours
_LAST = text_statement(f"SELECT rank FROM playlist_entries WHERE {_OF_PLAYLIST} ORDER BY rank DESC LIMIT 1")  # noqa: S608  # constants of ours
_APPEND = text_statement("""
    INSERT INTO playlist_entries (user_id, playlist_id, movie_id, rank, add_time)
    SELECT %(user)s, %(playlist)s, movie_id, rank, add_time
    FROM unnest(%(movies)s::text[], %(ranks)s::bigint[], %(times)s::timestamptz[]) AS new (movie_id, rank, add_time)
""")
_REMOVE = text_statement(f"""
    WITH gone AS (DELETE FROM playlist_entries WHERE {_OF_PLAYLIST} AND movie_id = %(movie)s RETURNING *)
    SELECT {ENTRY_COLUMNS} FROM {joined("gone")}
""")  # noqa: S608  # constants of ours
_COUNT = text_statement(f"UPDATE playlists SET entry_count = entry_count + %(by)s WHERE {_OF_PLAYLIST} RETURNING entry_count")  # noqa: S608  # constants of ours
_NEXT = text_statement(f"""
    SELECT rank FROM playlist_entries WHERE {_OF_PLAYLIST} AND rank > %(rank)s AND movie_id <> %(moved)s ORDER BY rank LIMIT 1
""")  # noqa: S608  # constants of ours
_PLACE = text_statement(f"UPDATE playlist_entries SET rank = %(rank)s WHERE {_OF_PLAYLIST} AND movie_id = %(movie)s")  # noqa: S608  # constants of ours
_BEFORE, _BEHIND = (
    text_statement(f"""
        SELECT movie_id, rank FROM playlist_entries WHERE {_OF_PLAYLIST} AND rank {condition} LIMIT %(limit)s
    """)  # noqa: S608  # constants of ours
    for condition in ("<= %(rank)s ORDER BY rank DESC", "> %(rank)s ORDER BY rank")
)
_DEAL = text_statement(f"""
    WITH counted AS (UPDATE playlists SET deal_count = deal_count + 1 WHERE {_OF_PLAYLIST})
    UPDATE playlist_entries AS e SET rank = dealt.rank FROM unnest(%(movies)s::text[], %(ranks)s::bigint[]) AS dealt (movie_id, rank)
    WHERE e.user_id = %(user)s AND e.playlist_id = %(playlist)s AND e.movie_id = dealt.movie_id
""")  # noqa: S608  # constants of ours

# Entries on either side of a place without room: the gaps that were never halved are among them, and make room for the others.
_AROUND = 64


def entry_of(row: Row) -> Entry:
    """Of a row of ENTRY_COLUMNS."""
    user, playlist, rank, add_time = row[:4]
    return Entry(user, playlist, known_of(row[4:]), rank, add_time)


class PostgresEntries:
    """The port Entries."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def find(self, playlist: Playlist, movie: str) -> Entry:
        row = await self._transaction.fetch_one(_FIND, **_key(playlist), movie=movie)
        if row is None:
            raise EntryNotFound(playlist.user, playlist.playlist, movie)
        return entry_of(row)

    async def append(self, playlist: Playlist, movies: Sequence[Added]) -> Growth[Entry]:
        key = _key(playlist)
        rows = await self._transaction.fetch_all(_THERE, **key, movies=[each.movie.movie for each in movies])
        room = MOST_ENTRIES - playlist.entry_count
        new, refused = fitting(movies, {row[0] for row in rows}, room, lambda each: each.movie.movie)
        if not new:
            return Growth((), refused)
        last = await self._last_rank(playlist)
        if last + len(new) * GAP > LAST_RANK:
            await self._deal(playlist, last, MOST_ENTRIES)
            last = await self._last_rank(playlist)
        ranks = [last + number * GAP for number in range(1, len(new) + 1)]
        movie_ids, times = [each.movie.movie for each in new], [each.time for each in new]
        await self._transaction.execute(_APPEND, **key, movies=movie_ids, ranks=ranks, times=times)
        await self._transaction.execute(_COUNT, **key, by=len(new))
        entries = [Entry(playlist.user, playlist.playlist, each.movie, rank, each.time) for each, rank in zip(new, ranks, strict=True)]
        return Growth(entries, refused)

    async def remove(self, playlist: Playlist, movie: str) -> Entry:
        row = await self._transaction.fetch_one(_REMOVE, **_key(playlist), movie=movie)
        if row is None:
            raise EntryNotFound(playlist.user, playlist.playlist, movie)
        await self._transaction.execute(_COUNT, **_key(playlist), by=-1)
        return entry_of(row)

    async def gap_after(self, playlist: Playlist, after: Entry | None, moved: str) -> tuple[int | None, int | None]:
        begin = after.rank if after else -LAST_RANK
        row = await self._transaction.fetch_one(_NEXT, **_key(playlist), rank=begin, moved=moved)
        return after.rank if after else None, row[0] if row else None

    async def place(self, entry: Entry, rank: int) -> None:
        await self._transaction.execute(_PLACE, user=entry.user, playlist=entry.playlist, movie=entry.movie.movie, rank=rank)

    async def make_room(self, playlist: Playlist, after: Entry | None) -> None:
        await self._deal(playlist, after.rank if after else -LAST_RANK, _AROUND)

    async def _deal(self, playlist: Playlist, place: int, around: int) -> None:
        """Takes more and more entries until there is room for them, all of them in the end."""
        key = _key(playlist)
        before = await self._transaction.fetch_all(_BEFORE, **key, rank=place, limit=around + 1)
        behind = await self._transaction.fetch_all(_BEHIND, **key, rank=place, limit=around + 1)
        dealt = [row[0] for row in (*reversed(before[:around]), *behind[:around])]
        low, high = (rows[around][1] if len(rows) > around else None for rows in (before, behind))
        ranks = spread_ranks(low, high, len(dealt))
        if ranks is None:
            await self._deal(playlist, place, 4 * around)
        else:
            await self._transaction.execute(_DEAL, **key, movies=dealt, ranks=ranks)

    async def _last_rank(self, playlist: Playlist) -> int:
        row = await self._transaction.fetch_one(_LAST, **_key(playlist))
        return int(row[0]) if row else 0


def _key(playlist: Playlist) -> dict[str, str]:
    return {"user": playlist.user, "playlist": playlist.playlist}
