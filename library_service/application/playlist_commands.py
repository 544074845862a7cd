"""Changes of playlists, of what is in them, and of who follows them. Each locks the playlist first, so they happen one after the other."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from library_service.application.ports import Added, Growth, UnitOfWork
from library_service.domain.errors import PlaylistNotFound, TooManyItems
from library_service.domain.events import PlaylistFollowed, PlaylistPublished, PlaylistWithdrawn
from library_service.domain.movies import CatalogueMovie
from library_service.domain.playlists import MOST_ENTRIES, MOST_FOLLOWED, Entry, Playlist, Reader, rank_between


async def create_playlist(uow: UnitOfWork, playlist: Playlist) -> Playlist:
    await uow.playlists.add(playlist)
    if playlist.is_public:
        uow.add_event(PlaylistPublished(playlist))
    return playlist


async def update_playlist(uow: UnitOfWork, user: str, playlist_id: str, changes: dict[str, Any], etag: str, now: datetime) -> Playlist:
    """`changes` are title, description and visibility, as far as they change."""
    before = await uow.playlists.lock(user, playlist_id)
    before.require_etag(etag)
    after = before.changed(changes, now)
    if after is before:
        return before
    await uow.playlists.save(after)
    if after.is_public and not before.is_public:
        uow.add_event(PlaylistPublished(after))
    if before.is_public and not after.is_public:
        uow.add_event(PlaylistWithdrawn(before))
    return after


async def delete_playlist(uow: UnitOfWork, user: str, playlist_id: str, etag: str) -> None:
    playlist = await uow.playlists.lock(user, playlist_id)
    playlist.require_etag(etag)
    await uow.playlists.remove(playlist)
    if playlist.is_public:
        uow.add_event(PlaylistWithdrawn(playlist))


async def add_to_playlist(uow: UnitOfWork, user: str, playlist_id: str, movie: CatalogueMovie, now: datetime) -> Entry:
    """The caller has made sure that the movie exists. One that is in the playlist stays where it is."""
    playlist = await uow.playlists.lock(user, playlist_id)
    await uow.movies.remember([movie])
    grown = await uow.entries.append(playlist, [Added(movie.known, now)])
    if grown.refused:
        raise TooManyItems(user, MOST_ENTRIES)
    return grown.new[0] if grown.new else await uow.entries.find(playlist, movie.movie)


async def append_to_playlist(uow: UnitOfWork, user: str, playlist_id: str, movies: Sequence[Added]) -> Growth[Entry]:
    return await uow.entries.append(await uow.playlists.lock(user, playlist_id), movies)


async def move_entry(uow: UnitOfWork, user: str, playlist_id: str, movie: str, after: str) -> Entry:
    """Behind the movie `after`, to the front when that is empty. One row changes; where there is no room any more, some dozens."""
    playlist = await uow.playlists.lock(user, playlist_id)
    entry = await uow.entries.find(playlist, movie)
    behind = await uow.entries.find(playlist, after) if after else None
    rank = rank_between(*await uow.entries.gap_after(playlist, behind, movie))
    if rank is None:
        await uow.entries.make_room(playlist, behind)
        behind = await uow.entries.find(playlist, after) if after else None
        rank = rank_between(*await uow.entries.gap_after(playlist, behind, movie))
    assert rank is not None  # noqa: S101  # ranks that were just dealt have room between them
    await uow.entries.place(entry, rank)
    return entry


async def remove_from_playlist(uow: UnitOfWork, user: str, playlist_id: str, movie: str) -> Entry:
    return await uow.entries.remove(await uow.playlists.lock(user, playlist_id), movie)


async def follow_playlist(uow: UnitOfWork, user: str, playlist_id: str, reader: Reader) -> Playlist:
    playlist = await uow.playlists.lock(user, playlist_id)
    playlist.require_readable_by(reader)
    if await uow.playlists.is_followed(playlist, reader.user):
        return playlist
    # Not exact when somebody follows several at once, and it need not be: it keeps one account from filling the table.
    if await uow.playlists.followed_count(reader.user, MOST_FOLLOWED) == MOST_FOLLOWED:
        raise TooManyItems(reader.user, MOST_FOLLOWED)
    followed = await uow.playlists.follow(playlist, reader.user)
    uow.add_event(PlaylistFollowed(followed, reader.user))
    return followed


async def unfollow_playlist(uow: UnitOfWork, user: str, playlist_id: str, reader: Reader) -> Playlist:
    """Possible for a follower also after the playlist has become private."""
    playlist = await uow.playlists.lock(user, playlist_id)
    if await uow.playlists.is_followed(playlist, reader.user):
        return await uow.playlists.unfollow(playlist, reader.user)
    playlist.require_readable_by(reader)
    return playlist


def readable(found: Playlist | None, user: str, playlist_id: str, reader: Reader) -> Playlist:
    if found is None:
        raise PlaylistNotFound(user, playlist_id)
    found.require_readable_by(reader)
    return found
