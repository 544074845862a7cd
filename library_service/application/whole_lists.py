"""Lists from their first item to their last, page by page: for exports."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from library_service.application.ports import EntryPosition, FollowedPlaylist, MarkReader, PlaylistReader, Position, ViewingReader
from library_service.domain.marks import Mark, Shelf
from library_service.domain.playlists import Entry, Playlist
from library_service.domain.viewings import Viewing

T = TypeVar("T")

_PAGE = 500


def whole_shelf(marks: MarkReader, user: str, shelf: Shelf) -> AsyncIterator[Sequence[Mark]]:
    return _pages(lambda after: marks.page(user, shelf, _PAGE, after), lambda mark: (mark.add_time, mark.movie.movie))


def whole_history(viewings: ViewingReader, user: str) -> AsyncIterator[Sequence[Viewing]]:
    return _pages(lambda after: viewings.page(user, _PAGE, after), lambda viewing: (viewing.view_time, viewing.movie.movie))


def all_playlists(playlists: PlaylistReader, user: str) -> AsyncIterator[Sequence[Playlist]]:
    return _pages(lambda after: playlists.of_user(user, False, _PAGE, after), lambda each: (each.create_time, each.playlist))


def all_followed(playlists: PlaylistReader, follower: str) -> AsyncIterator[Sequence[FollowedPlaylist]]:
    return _pages(lambda after: playlists.followed(follower, _PAGE, after), lambda each: (each.follow_time, each.row_id))


async def whole_playlist(playlists: PlaylistReader, user: str, playlist: str) -> AsyncIterator[Sequence[Entry]]:
    entries, dealt = await playlists.entries(user, playlist, _PAGE, None)
    while entries:
        yield entries
        after = EntryPosition(entries[-1].rank, dealt, entries[-1].movie.movie)
        entries, dealt = await playlists.entries(user, playlist, _PAGE, after)


async def _pages(
    page: Callable[[Position | None], Awaitable[Sequence[T]]], position: Callable[[T], Position]
) -> AsyncIterator[Sequence[T]]:
    rows = await page(None)
    while rows:
        yield rows
        rows = await page(position(rows[-1]))
