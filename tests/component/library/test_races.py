"""Many changes of one list or playlist at the same moment; each with the guard switched off, to see that it guards."""

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from library_service.__main__ import MIGRATIONS
from library_service.application import playlist_commands as commands
from library_service.application.list_commands import mark_movie
from library_service.domain.errors import TooManyItems
from library_service.domain.marks import Shelf
from library_service.domain.movies import CatalogueMovie
from library_service.domain.playlists import Playlist, Reader, Visibility, rank_between
from library_service.infrastructure.events.encode import encode
from library_service.infrastructure.postgres import collections, entries, marks, playlists
from library_service.infrastructure.postgres.unit_of_work import LibraryUnitOfWork
from mesh.postgres.database import Database
from mesh.postgres.migrations import migrate
from mesh.postgres.statements import text_statement

NOW = datetime(2026, 1, 1, tzinfo=UTC)
AT_ONCE = 24
# Guards switched off. They take a while, so that a rival reads the same before this one has written.
_UNLOCKED = text_statement(
    playlists._LOCK.sql.decode().replace("FOR NO KEY UPDATE", "").replace("FROM playlists", ", pg_sleep(0.05) FROM playlists")
)
_UNCOUNTED = text_statement(
    "SELECT coalesce(max(item_count), 0), pg_sleep(0.05) FROM collections WHERE user_id = %(user)s AND kind = %(kind)s"
)
_SLOWLY_THERE = text_statement(f"{marks._THERE.sql.decode()} UNION ALL SELECT NULL FROM pg_sleep(0.05)")


@pytest.fixture
async def database(empty_database_url: str) -> AsyncIterator[Database]:
    migrate(empty_database_url, MIGRATIONS)
    # All connections are there before the race, and nobody gives up who waits in it.
    database = Database(empty_database_url, min_size=12, max_size=12, wait=60.0, statement_timeout=60.0)
    await database.open()
    yield database
    await database.close()


def film(movie_id: str) -> CatalogueMovie:
    return CatalogueMovie(movie_id, movie_id, "", 2000, False, NOW)


async def made(database: Database, *movies: str) -> None:
    playlist = Playlist(
        user="alice", playlist="best", title="Best", description="", visibility=Visibility.PUBLIC, create_time=NOW, update_time=NOW
    )
    async with LibraryUnitOfWork(database, encode) as uow:
        await commands.create_playlist(uow, playlist)
        for movie in movies:
            await commands.add_to_playlist(uow, "alice", "best", film(movie), NOW)
        await uow.commit()


async def added(database: Database, movie: str) -> bool:
    """False when the playlist is full."""
    try:
        async with LibraryUnitOfWork(database, encode) as uow:
            await commands.add_to_playlist(uow, "alice", "best", film(movie), NOW)
            await uow.commit()
    except TooManyItems:
        return False
    return True


async def marked(database: Database, movie: str, user: str = "alice") -> bool:
    try:
        async with LibraryUnitOfWork(database, encode) as uow:
            await mark_movie(uow, user, Shelf.WATCHLIST, film(movie), NOW)
            await uow.commit()
    except TooManyItems:
        return False
    return True


async def number(database: Database, sql: str) -> int:
    row = await database.fetch_one(text_statement(sql))
    assert row is not None
    return int(row[0])


async def broken(race: Iterable[Coroutine[Any, Any, object]]) -> bool:
    """Whether any of the changes failed in a way that nobody would have asked for."""
    results = await asyncio.gather(*race, return_exceptions=True)
    return any(isinstance(result, Exception) for result in results)


async def test_one_movie_added_by_many_at_once_is_on_the_list_once_and_counted_once(database: Database) -> None:
    await marked(database, "tt1", "bob")  # the movie itself is known: its row is no guard
    assert all(await asyncio.gather(*(marked(database, "tt1") for _ in range(AT_ONCE))))
    assert await number(database, "SELECT count(*) FROM marks WHERE user_id = 'alice'") == 1
    assert await number(database, "SELECT item_count FROM collections WHERE user_id = 'alice'") == 1
    assert await number(database, "SELECT count(*) FROM outbox WHERE key LIKE 'users/alice/%%'") == 1


async def test_without_the_lock_of_the_collection_adding_at_once_breaks(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: several would be new, which the key of the table refuses."""
    await marked(database, "tt0")
    await marked(database, "tt1", "bob")
    monkeypatch.setattr(collections, "_LOCK", _UNCOUNTED)
    monkeypatch.setattr(marks, "_THERE", _SLOWLY_THERE)
    assert await broken(marked(database, "tt1") for _ in range(AT_ONCE))


async def test_a_list_that_is_filled_by_many_at_once_holds_what_it_may(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "MOST_MARKS", 10)
    stored = await asyncio.gather(*(marked(database, f"tt{number}") for number in range(AT_ONCE)))
    assert sum(stored) == await number(database, "SELECT count(*) FROM marks") == 10


async def test_without_the_lock_a_list_holds_more_than_it_may(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control."""
    monkeypatch.setattr(marks, "MOST_MARKS", 10)
    await marked(database, "tt0")
    monkeypatch.setattr(collections, "_LOCK", _UNCOUNTED)
    await asyncio.gather(*(marked(database, f"tt{number}") for number in range(AT_ONCE)))
    assert await number(database, "SELECT count(*) FROM marks") > 10


async def moved_at_random(database: Database, seed: int) -> None:
    chosen = random.Random(seed)
    for _ in range(6):
        movie, after = chosen.sample("abcdefgh", 2)
        async with LibraryUnitOfWork(database, encode) as uow:
            await commands.move_entry(uow, "alice", "best", movie, chosen.choice([after, ""]))
            await uow.commit()


async def test_entries_moved_by_many_at_once_stay_all_in_one_order(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """With so little room that ranks are dealt anew all the time."""
    monkeypatch.setattr(commands, "rank_between", crowded)
    await made(database, *"abcdefgh")
    await asyncio.gather(*(moved_at_random(database, seed) for seed in range(12)))
    await asyncio.gather(*(added(database, f"new{number}") for number in range(6)))
    assert await number(database, "SELECT count(DISTINCT rank) FROM playlist_entries") == 14
    assert await number(database, "SELECT entry_count FROM playlists") == 14
    assert await number(database, "SELECT deal_count FROM playlists") > 0


def crowded(before: int | None, after: int | None) -> int | None:
    """As if there were no ranks but the halves of a gap: the second entry that goes into one finds no room."""
    rank = rank_between(before, after)
    return None if rank is not None and None not in (before, after) and rank - (before or 0) < 2**39 else rank


async def test_without_the_lock_of_the_playlist_moving_at_once_breaks(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: two entries would get one rank, which the constraint refuses."""
    monkeypatch.setattr(commands, "rank_between", crowded)
    monkeypatch.setattr(playlists, "_LOCK", _UNLOCKED)
    await made(database, *"abcdefgh")
    assert await broken(moved_at_random(database, seed) for seed in range(12))


async def filled(database: Database) -> list[bool]:
    """A playlist with room for ten, to which many add."""
    await made(database)
    return await asyncio.gather(*(added(database, f"tt{number}") for number in range(AT_ONCE)))


async def test_a_playlist_that_is_filled_by_many_at_once_holds_what_it_may(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "MOST_ENTRIES", 10)
    assert sum(await filled(database)) == 10
    assert await number(database, "SELECT count(*) FROM playlist_entries") == 10


async def test_without_the_lock_a_playlist_takes_more_or_breaks(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control."""
    monkeypatch.setattr(entries, "MOST_ENTRIES", 10)
    monkeypatch.setattr(playlists, "_LOCK", _UNLOCKED)
    await made(database)
    failed = await broken(added(database, f"tt{number}") for number in range(AT_ONCE))
    assert failed or await number(database, "SELECT count(*) FROM playlist_entries") > 10


async def followed_at_once(database: Database) -> tuple[int, int]:
    """The count of the playlist and the followers that there are: 20 users follow, each twice, and half of them leave."""
    await made(database)

    async def one_user(user: int) -> None:
        reader = Reader(f"u{user}", False)
        for command in (commands.follow_playlist, commands.follow_playlist, *([commands.unfollow_playlist] if user % 2 else [])):
            async with LibraryUnitOfWork(database, encode) as uow:
                await command(uow, "alice", "best", reader)
                await uow.commit()

    await asyncio.gather(*(one_user(user) for user in range(20)))
    counted = await number(database, "SELECT follower_count FROM playlists")
    return counted, await number(database, "SELECT count(*) FROM followers")


async def test_followers_at_once_are_counted_exactly(database: Database) -> None:
    assert await followed_at_once(database) == (10, 10)


async def test_a_count_that_is_read_and_written_back_loses_followers(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: without the lock and without the difference."""

    async def naive_follow(self: playlists.PostgresPlaylists, playlist: Playlist, follower: str) -> Playlist:
        key = {"user": playlist.user, "playlist": playlist.playlist}
        insert = text_statement("INSERT INTO followers VALUES (%(user)s, %(playlist)s, %(follower)s, now()) ON CONFLICT DO NOTHING")
        written = text_statement("UPDATE playlists SET follower_count = %(count)s")
        await self._transaction.execute(insert, **key, follower=follower)
        await self._transaction.execute(written, count=playlist.follower_count + 1)
        return playlist

    async def naive_unfollow(self: playlists.PostgresPlaylists, playlist: Playlist, follower: str) -> Playlist:
        return playlist

    monkeypatch.setattr(playlists, "_LOCK", _UNLOCKED)
    monkeypatch.setattr(playlists.PostgresPlaylists, "follow", naive_follow)
    monkeypatch.setattr(playlists.PostgresPlaylists, "unfollow", naive_unfollow)
    counted, there = await followed_at_once(database)
    assert there == 20
    assert counted != there
