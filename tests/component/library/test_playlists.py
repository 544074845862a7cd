"""Playlists over gRPC: their order, who reads them, who follows them."""

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from library_service.domain.playlists import GAP, LAST_RANK
from library_service.infrastructure.postgres import entries
from mesh.postgres.statements import text_statement
from mesh.server import RunningService
from reelmesh.library.v1 import library_pb2
from reelmesh.library.v1.library_pb2 import Playlist
from tests.component.library.calling import ALICE, BEST, Library
from tests.component.library.movies import KnownMovies
from tests.services import admin, failure, token

BOB = "users/bob"
PRIVATE, UNLISTED, PUBLIC = Playlist.VISIBILITY_PRIVATE, Playlist.VISIBILITY_UNLISTED, Playlist.VISIBILITY_PUBLIC


async def test_a_playlist_keeps_the_order_in_which_movies_were_added(library: Library) -> None:
    playlist = await library.playlist("c", "a", "b", "e", "d", title="Mine", description="Good ones.")
    assert (playlist.title, playlist.description, playlist.entry_count, playlist.follower_count) == ("Mine", "Good ones.", 5, 0)
    assert await library.order() == ["c", "a", "b", "e", "d"]


async def test_adding_a_movie_twice_leaves_it_where_it_is(library: Library) -> None:
    await library.playlist("a", "b", "a")
    assert await library.order() == ["a", "b"]
    assert (await library.GetPlaylist(name=BEST)).playlist.entry_count == 2


@pytest.mark.parametrize(
    ("moved", "after", "order"),
    [
        ("d", "", "dabc"),
        ("a", "d", "bcda"),
        ("a", "b", "bacd"),
        ("d", "a", "adbc"),
        ("b", "a", "abcd"),
        ("a", "", "abcd"),
    ],
)
async def test_an_entry_moves_behind_another_one_or_to_the_front(library: Library, moved: str, after: str, order: str) -> None:
    await library.playlist(*"abcd")
    entry = await library.MovePlaylistEntry(name=f"{BEST}/entries/{moved}", after=f"{BEST}/entries/{after}" if after else "")
    assert entry.entry.movie == f"movies/{moved}"
    assert "".join(await library.order()) == order


async def test_an_entry_taken_out_is_gone_and_the_others_stay(library: Library) -> None:
    await library.playlist(*"abc")
    await library.RemoveFromPlaylist(name=f"{BEST}/entries/b")
    assert await library.order() == ["a", "c"]
    assert (await library.GetPlaylist(name=BEST)).playlist.entry_count == 2


async def test_many_moves_to_one_place_keep_the_order_and_deal_ranks_anew_now_and_then(library: Library, running: RunningService) -> None:
    await library.playlist(*"abcd")
    order, dealt = list("abcd"), text_statement("SELECT deal_count FROM playlists")
    for number in range(150):
        moved = "cd"[number % 2]
        await library.MovePlaylistEntry(name=f"{BEST}/entries/{moved}", after=f"{BEST}/entries/a")
        order.remove(moved)
        order.insert(1, moved)
    assert await library.order() == order
    row = await running.foundation.database.fetch_one(dealt)
    assert row is not None
    assert 1 <= row[0] <= 10


@pytest.mark.parametrize("around", [1, 64])
async def test_room_is_made_by_those_around_and_a_full_end_by_all(
    library: Library, running: RunningService, monkeypatch: pytest.MonkeyPatch, around: int
) -> None:
    monkeypatch.setattr(entries, "_AROUND", around)
    await library.playlist(*"abcdef")
    crowded = text_statement("UPDATE playlist_entries SET rank = ascii(movie_id) - ascii('c') WHERE movie_id < 'f'")
    await running.foundation.database.execute(crowded)
    await library.MovePlaylistEntry(name=f"{BEST}/entries/f", after=f"{BEST}/entries/b")
    assert "".join(await library.order()) == "abfcde"
    await running.foundation.database.execute(text_statement(f"UPDATE playlist_entries SET rank = {LAST_RANK} WHERE movie_id = 'e'"))
    await library.AddToPlaylist(name=f"{BEST}/entries/g")
    assert "".join(await library.order()) == "abfcdeg"
    await running.foundation.database.execute(text_statement(f"UPDATE playlist_entries SET rank = {-LAST_RANK + 1} WHERE movie_id = 'a'"))
    await library.MovePlaylistEntry(name=f"{BEST}/entries/d")
    assert "".join(await library.order()) == "dabfceg"


async def test_a_page_goes_on_behind_its_last_entry_after_ranks_were_dealt_anew(library: Library, running: RunningService) -> None:
    await library.playlist(*"abcdef")
    first = await library.ListPlaylistEntries(parent=BEST, page_size=3)
    deal = text_statement(f"UPDATE playlist_entries SET rank = rank + {100 * GAP}")
    await running.foundation.database.execute(deal)
    await running.foundation.database.execute(text_statement("UPDATE playlists SET deal_count = deal_count + 1"))
    rest = await library.ListPlaylistEntries(parent=BEST, page_size=3, page_token=first.next_page_token)
    assert [entry.movie for entry in rest.entries] == ["movies/d", "movies/e", "movies/f"]


async def test_a_page_of_entries_asks_the_movie_context_once_and_does_without(library: Library, movies: KnownMovies) -> None:
    await library.playlist(*"abc")
    movies.asked.clear()
    page = await library.ListPlaylistEntries(parent=BEST)
    assert movies.asked == ["BatchGetMovieCards"]
    assert [entry.card.title for entry in page.entries] == ["Film a", "Film b", "Film c"]
    movies.away = True
    page = await library.ListPlaylistEntries(parent=BEST)
    assert [entry.card.title for entry in page.entries] == ["Title a", "Title b", "Title c"]
    assert list(page.unavailable_parts) == [library_pb2.CARD_PART_MOVIES]


async def test_to_others_a_private_playlist_does_not_exist(library: Library) -> None:
    await library.playlist("a", visibility=PRIVATE)
    for caller in (token(BOB), ()):
        for call, field in ((library.GetPlaylist, "name"), (library.ListPlaylistEntries, "parent")):
            there = await failure(call(**{field: BEST}, caller=caller))
            nowhere = await failure(call(**{field: f"{ALICE}/playlists/none"}, caller=caller))
            assert there.reason == nowhere.reason == "PLAYLIST_NOT_FOUND"
            assert there.message.replace("best", "none") == nowhere.message
    assert (await failure(library.FollowPlaylist(name=BEST, caller=token(BOB)))).reason == "PLAYLIST_NOT_FOUND"
    assert (await library.GetPlaylist(name=BEST, caller=admin())).playlist.visibility == PRIVATE


async def test_a_playlist_is_private_unless_said_otherwise(library: Library) -> None:
    assert (await library.playlist(visibility=Playlist.VISIBILITY_UNSPECIFIED)).visibility == PRIVATE


async def test_others_find_public_playlists_only_and_read_unlisted_ones_by_name(library: Library) -> None:
    for visibility, name in ((PRIVATE, "one"), (UNLISTED, "two"), (PUBLIC, "three")):
        await library.playlist("a", name=f"{ALICE}/playlists/{name}", visibility=visibility)
    own = (await library.ListPlaylists(parent=ALICE)).playlists
    assert [playlist.name.rpartition("/")[2] for playlist in own] == ["three", "two", "one"]
    for caller in (token(BOB), ()):
        found = (await library.ListPlaylists(parent=ALICE, caller=caller)).playlists
        assert [playlist.name for playlist in found] == [f"{ALICE}/playlists/three"]
        assert (await library.GetPlaylist(name=f"{ALICE}/playlists/two", caller=caller)).playlist.title == "Best"


async def test_nobody_else_changes_a_playlist_whether_it_is_there_or_not(library: Library) -> None:
    await library.playlist("a", "b")
    bob = token(BOB)
    for name in (BEST, f"{ALICE}/playlists/none"):
        entry = f"{name}/entries/a"
        for call in (
            library.AddToPlaylist(name=entry, caller=bob),
            library.MovePlaylistEntry(name=entry, caller=bob),
            library.RemoveFromPlaylist(name=entry, caller=bob),
            library.DeletePlaylist(name=name, caller=bob),
            library.UpdatePlaylist(playlist=Playlist(name=name, title="Bob's"), caller=bob),
        ):
            assert (await failure(call)).reason == "NOT_OWNER"
    assert await library.order() == ["a", "b"]


async def test_a_change_touches_what_its_mask_says_and_changes_the_etag(library: Library) -> None:
    before = await library.playlist(title="Old", description="Kept.")
    changed = (await library.UpdatePlaylist(playlist=Playlist(name=BEST, title="New", etag=before.etag))).playlist
    assert (changed.title, changed.description, changed.visibility) == ("New", "Kept.", PUBLIC)
    assert changed.etag != before.etag
    emptied = Playlist(name=BEST, etag=changed.etag)
    emptied = (await library.UpdatePlaylist(playlist=emptied, update_mask=FieldMask(paths=["description"]))).playlist
    assert (emptied.title, emptied.description) == ("New", "")
    stale = await failure(library.UpdatePlaylist(playlist=Playlist(name=BEST, title="Late", etag=before.etag)))
    assert stale.reason == "ETAG_MISMATCH"
    assert (await failure(library.DeletePlaylist(name=BEST, etag=before.etag))).reason == "ETAG_MISMATCH"


async def test_the_same_values_again_and_entries_leave_the_etag(library: Library) -> None:
    before = await library.playlist(title="Same")
    assert (await library.UpdatePlaylist(playlist=Playlist(name=BEST, title="Same"))).playlist == before
    await library.AddToPlaylist(name=f"{BEST}/entries/a")
    assert (await library.GetPlaylist(name=BEST)).playlist.etag == before.etag


async def test_a_deleted_playlist_takes_entries_and_followers_with_it(library: Library, running: RunningService) -> None:
    await library.playlist("a")
    await library.FollowPlaylist(name=BEST, caller=token(BOB))
    await library.DeletePlaylist(name=BEST)
    assert (await failure(library.GetPlaylist(name=BEST))).reason == "PLAYLIST_NOT_FOUND"
    left = text_statement("SELECT (SELECT count(*) FROM playlist_entries) + (SELECT count(*) FROM followers)")
    assert await running.foundation.database.fetch_one(left) == (0,)
    assert (await library.playlist()).entry_count == 0


async def test_followers_are_counted_once_and_find_what_they_follow(library: Library) -> None:
    await library.playlist("a")
    for _ in range(2):
        assert (await library.FollowPlaylist(name=BEST, caller=token(BOB))).playlist.follower_count == 1
    assert (await library.FollowPlaylist(name=BEST, caller=token("users/carol"))).playlist.follower_count == 2
    followed = (await library.ListFollowedPlaylists(parent=BOB, caller=token(BOB))).playlists
    assert [playlist.name for playlist in followed] == [BEST]
    for _ in range(2):
        assert (await library.UnfollowPlaylist(name=BEST, caller=token(BOB))).playlist.follower_count == 1
    assert not (await library.ListFollowedPlaylists(parent=BOB, caller=token(BOB))).playlists


async def test_who_follows_a_playlist_that_became_private_no_longer_sees_it_and_can_leave(library: Library) -> None:
    await library.playlist("a")
    await library.FollowPlaylist(name=BEST, caller=token(BOB))
    await library.UpdatePlaylist(playlist=Playlist(name=BEST, visibility=PRIVATE))
    assert not (await library.ListFollowedPlaylists(parent=BOB, caller=token(BOB))).playlists
    assert (await library.UnfollowPlaylist(name=BEST, caller=token(BOB))).playlist.follower_count == 0
    assert (await failure(library.UnfollowPlaylist(name=BEST, caller=token(BOB)))).reason == "PLAYLIST_NOT_FOUND"


async def test_pages_of_followed_playlists_join_to_the_whole_list(library: Library) -> None:
    names = [f"{ALICE}/playlists/p{number}" for number in range(5)]
    for name in names:
        await library.playlist(name=name)
        await library.FollowPlaylist(name=name, caller=token(BOB))
    found, page_token = [], ""
    while True:
        page = await library.ListFollowedPlaylists(parent=BOB, page_size=2, page_token=page_token, caller=token(BOB))
        found += [playlist.name for playlist in page.playlists]
        page_token = page.next_page_token
        if not page_token:
            break
    assert found == list(reversed(names))
