"""Every error that the contract names at a method is what the service answers."""

from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from library_service.infrastructure.postgres import entries, marks, playlists, viewings
from reelmesh.library.v1 import favorite_service_pb2 as f
from reelmesh.library.v1 import history_service_pb2 as h
from reelmesh.library.v1 import playlist_service_pb2 as p
from reelmesh.library.v1 import transfer_service_pb2 as t
from reelmesh.library.v1 import watchlist_service_pb2 as w
from reelmesh.library.v1.library_pb2 import Playlist
from tests.component.library.calling import ALICE, BEST, Library, span
from tests.component.library.movies import MISSING, KnownMovies
from tests.services import failure, token

INVALID, NOT_FOUND, FULL = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.RESOURCE_EXHAUSTED
NOWHERE, ENTRY = f"{ALICE}/playlists/none", f"{BEST}/entries/a"


@dataclass(frozen=True)
class Case:
    """A call of alice that must be answered with `code` and `reason`."""

    method: str
    request: Message
    code: grpc.StatusCode
    reason: str
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.method}-{self.reason}-{'-'.join(self.fields)}"


def wrong(method: str, request: Message, *fields: str) -> Case:
    return Case(method, request, INVALID, "INVALID_ARGUMENT", fields)


def missing(method: str, request: Message, reason: str) -> Case:
    return Case(method, request, NOT_FOUND, reason)


CASES = [
    wrong("AddToWatchlist", w.AddToWatchlistRequest(name="users/alice/favorites/tt1"), "name"),
    missing("AddToWatchlist", w.AddToWatchlistRequest(name=f"{ALICE}/watchlist/{MISSING}"), "MOVIE_NOT_FOUND"),
    missing("RemoveFromWatchlist", w.RemoveFromWatchlistRequest(name=f"{ALICE}/watchlist/tt1"), "ITEM_NOT_FOUND"),
    wrong("ListWatchlist", w.ListWatchlistRequest(parent=ALICE, page_token="made-up"), "page_token"),
    missing("AddFavorite", f.AddFavoriteRequest(name=f"{ALICE}/favorites/{MISSING}"), "MOVIE_NOT_FOUND"),
    missing("RemoveFavorite", f.RemoveFavoriteRequest(name=f"{ALICE}/favorites/tt1"), "ITEM_NOT_FOUND"),
    missing("GetFavorite", f.GetFavoriteRequest(name=f"{ALICE}/favorites/tt1"), "ITEM_NOT_FOUND"),
    wrong("ListFavorites", f.ListFavoritesRequest(parent=ALICE, page_size=-1), "page_size"),
    wrong("CreatePlaylist", p.CreatePlaylistRequest(parent=ALICE, playlist=Playlist(), playlist_id="No"), "playlist.title", "playlist_id"),
    Case(
        "CreatePlaylist",
        p.CreatePlaylistRequest(parent=ALICE, playlist=Playlist(title="Again"), playlist_id="best"),
        grpc.StatusCode.ALREADY_EXISTS,
        "PLAYLIST_ALREADY_EXISTS",
    ),
    missing("UpdatePlaylist", p.UpdatePlaylistRequest(playlist=Playlist(name=NOWHERE, title="New")), "PLAYLIST_NOT_FOUND"),
    wrong(
        "UpdatePlaylist", p.UpdatePlaylistRequest(playlist=Playlist(name=BEST), update_mask=FieldMask(paths=["entry_count"])), "update_mask"
    ),
    missing("DeletePlaylist", p.DeletePlaylistRequest(name=NOWHERE), "PLAYLIST_NOT_FOUND"),
    missing("AddToPlaylist", p.AddToPlaylistRequest(name=f"{NOWHERE}/entries/a"), "PLAYLIST_NOT_FOUND"),
    missing("AddToPlaylist", p.AddToPlaylistRequest(name=f"{BEST}/entries/{MISSING}"), "MOVIE_NOT_FOUND"),
    missing("MovePlaylistEntry", p.MovePlaylistEntryRequest(name=f"{NOWHERE}/entries/a"), "PLAYLIST_NOT_FOUND"),
    missing("MovePlaylistEntry", p.MovePlaylistEntryRequest(name=f"{BEST}/entries/z"), "ENTRY_NOT_FOUND"),
    missing("MovePlaylistEntry", p.MovePlaylistEntryRequest(name=ENTRY, after=f"{BEST}/entries/z"), "ENTRY_NOT_FOUND"),
    wrong("MovePlaylistEntry", p.MovePlaylistEntryRequest(name=ENTRY, after=ENTRY), "after"),
    wrong("MovePlaylistEntry", p.MovePlaylistEntryRequest(name=ENTRY, after=f"{NOWHERE}/entries/b"), "after"),
    missing("RemoveFromPlaylist", p.RemoveFromPlaylistRequest(name=f"{BEST}/entries/z"), "ENTRY_NOT_FOUND"),
    missing("RemoveFromPlaylist", p.RemoveFromPlaylistRequest(name=f"{NOWHERE}/entries/z"), "PLAYLIST_NOT_FOUND"),
    missing("ListPlaylistEntries", p.ListPlaylistEntriesRequest(parent=NOWHERE), "PLAYLIST_NOT_FOUND"),
    wrong("ListPlaylistEntries", p.ListPlaylistEntriesRequest(parent=BEST, page_token="made-up"), "page_token"),
    wrong("ListPlaylists", p.ListPlaylistsRequest(parent=ALICE, page_token="made-up"), "page_token"),
    missing("FollowPlaylist", p.FollowPlaylistRequest(name=NOWHERE), "PLAYLIST_NOT_FOUND"),
    missing("UnfollowPlaylist", p.UnfollowPlaylistRequest(name=NOWHERE), "PLAYLIST_NOT_FOUND"),
    wrong("ListFollowedPlaylists", p.ListFollowedPlaylistsRequest(parent=ALICE, page_token="made-up"), "page_token"),
    wrong("RecordViewing", h.RecordViewingRequest(name=f"{ALICE}/history/tt1"), "position", "duration"),
    missing(
        "RecordViewing",
        h.RecordViewingRequest(name=f"{ALICE}/history/{MISSING}", position=span(1), duration=span(2)),
        "MOVIE_NOT_FOUND",
    ),
    missing("GetViewing", h.GetViewingRequest(name=f"{ALICE}/history/tt1"), "VIEWING_NOT_FOUND"),
    wrong("ListHistory", h.ListHistoryRequest(parent=ALICE, page_token="made-up"), "page_token"),
    wrong("ListContinueWatching", h.ListContinueWatchingRequest(parent=ALICE, page_token="made-up"), "page_token"),
    wrong("ClearHistory", h.ClearHistoryRequest(parent="alice"), "parent"),
    wrong("ImportList", t.ImportListRequest(lines=["Title"] * 501, list=BEST), "lines"),
    wrong("ImportList", t.ImportListRequest(lines=["Title"]), "list"),
]


async def test_errors_are_what_the_contract_names(library: Library) -> None:
    """One service for all of them: none changes anything."""
    await library.playlist("a")
    for case in CASES:
        answer = await failure(library.call(case.method, case.request, token()))
        assert (answer.code, answer.reason, tuple(answer.fields)) == (case.code, case.reason, case.fields), str(case)
    assert {case.method for case in CASES} >= {"AddToWatchlist", "MovePlaylistEntry", "RecordViewing", "ImportList"}


async def test_what_is_too_much_is_refused_and_says_what_is_full(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, limit in ((marks, "MOST_MARKS"), (entries, "MOST_ENTRIES"), (viewings, "MOST_VIEWINGS"), (playlists, "MOST_PLAYLISTS")):
        monkeypatch.setattr(module, limit, 1)
    await library.playlist("a")
    await library.AddToWatchlist(name=f"{ALICE}/watchlist/a")
    await library.watched("a", 1)
    for call, reason in (
        (library.AddToWatchlist(name=f"{ALICE}/watchlist/b"), "TOO_MANY_ITEMS"),
        (library.AddToPlaylist(name=f"{BEST}/entries/b"), "TOO_MANY_ITEMS"),
        (library.watched("b", 1), "TOO_MANY_ITEMS"),
        (library.CreatePlaylist(parent=ALICE, playlist=Playlist(title="Second")), "TOO_MANY_PLAYLISTS"),
    ):
        answer: Any = await failure(call)
        assert (answer.code, answer.reason) == (FULL, reason)
    await library.RemoveFromWatchlist(name=f"{ALICE}/watchlist/a")
    await library.AddToWatchlist(name=f"{ALICE}/watchlist/b")
    imported = await library.imported(f"{ALICE}/watchlist", ["imdbID", "a", "b"])
    assert [(row.line, row.reason) for row in imported.rejected] == [(2, "TOO_MANY_ITEMS")]
    assert imported.unchanged_count == 1


async def test_nobody_follows_more_than_they_may(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("library_service.application.playlist_commands.MOST_FOLLOWED", 1)
    await library.playlist()
    await library.playlist(name=f"{ALICE}/playlists/second")
    await library.FollowPlaylist(name=BEST, caller=token("users/bob"))
    more = await failure(library.FollowPlaylist(name=f"{ALICE}/playlists/second", caller=token("users/bob")))
    assert (more.code, more.reason) == (FULL, "TOO_MANY_ITEMS")


async def test_without_the_movie_context_nothing_can_be_added(library: Library, movies: KnownMovies) -> None:
    movies.away = True
    assert (await failure(library.AddToWatchlist(name=f"{ALICE}/watchlist/a"))).code == grpc.StatusCode.UNAVAILABLE


async def test_callers_without_a_token_have_no_lists(library: Library) -> None:
    assert (await failure(library.ListWatchlist(parent=ALICE, caller=()))).reason == "TOKEN_MISSING"
    assert (await failure(library.FollowPlaylist(name=BEST, caller=token("services/movie", "SERVICE")))).reason == "ROLE_MISSING"
