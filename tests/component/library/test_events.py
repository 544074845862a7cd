"""What changes tell other contexts, and what this one hears from them, through a real NATS."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import nats
import pytest
from google.protobuf.message import Message
from nats.aio.client import Client
from nats.js.api import DeliverPolicy

from library_service.__main__ import MIGRATIONS
from library_service.bootstrap import build
from mesh.events.publishing import Outgoing, publish_in_order
from mesh.events.streams import EVENTS, ensure_streams
from mesh.events.wire import KEY, MESSAGE_ID, TIME, TYPE, subject_of
from mesh.ids import uuid7
from mesh.server import RunningService
from reelmesh.library.v1 import events_pb2
from reelmesh.library.v1.library_pb2 import Playlist
from reelmesh.movie.v1.events_pb2 import MovieDeleted, MovieUpdated
from reelmesh.privacy.v1 import events_pb2 as privacy
from tests.component.library.calling import ALICE, BEST, Library
from tests.component.library.movies import KnownMovies, movie, serving_movies
from tests.services import failure, serving, token

BOB = "users/bob"
OURS = (
    events_pb2.MoviesAddedToWatchlist,
    events_pb2.MovieRemovedFromWatchlist,
    events_pb2.FavoritesAdded,
    events_pb2.FavoriteRemoved,
    events_pb2.ViewingProgressRecorded,
    events_pb2.PlaylistPublished,
    events_pb2.PlaylistFollowed,
    events_pb2.PlaylistWithdrawn,
)


@pytest.fixture
async def running(empty_database_url: str, tmp_path: Path, movies: KnownMovies, nats_server: str) -> AsyncIterator[RunningService]:
    async with (
        serving_movies(movies) as address,
        serving("library", build, MIGRATIONS, empty_database_url, tmp_path, nats_url=nats_server, dial=lambda _: address) as service,
    ):
        yield service


@pytest.fixture
async def client(nats_server: str) -> AsyncIterator[Client]:
    client = await nats.connect(nats_server)
    await ensure_streams(client)
    yield client
    await client.close()


async def told(client: Client, count: int, *kinds: type[Message]) -> list[Any]:
    """The first `count` events of these types in the stream."""
    by_name = {kind.DESCRIPTOR.full_name: kind for kind in kinds}
    subscription = await client.jetstream().subscribe("events.>", stream=EVENTS, ordered_consumer=True, deliver_policy=DeliverPolicy.ALL)
    found: list[Any] = []
    while len(found) < count:
        message = await subscription.next_msg(timeout=10)
        name = (message.headers or {})[TYPE]
        if name in by_name:
            found.append(by_name[name].FromString(message.data))
    await subscription.unsubscribe()
    return found


async def tell(client: Client, event: Message, key: str) -> None:
    name = event.DESCRIPTOR.full_name
    headers = {MESSAGE_ID: uuid7(), TYPE: name, KEY: key, TIME: "2026-01-01T00:00:00+00:00"}
    await publish_in_order(client, [Outgoing(subject_of(name), headers, event.SerializeToString())])


async def test_changes_are_told_and_progress_by_tenths(library: Library, client: Client) -> None:
    item = (await library.AddToWatchlist(name=f"{ALICE}/watchlist/tt1")).item
    await library.AddToWatchlist(name=f"{ALICE}/watchlist/tt1")
    await library.RemoveFromWatchlist(name=f"{ALICE}/watchlist/tt1")
    favorite = (await library.AddFavorite(name=f"{ALICE}/favorites/tt1")).favorite
    await library.RemoveFavorite(name=f"{ALICE}/favorites/tt1")
    for minutes in (1, 2, 9, 11, 12, 95, 96):
        await library.watched("tt1", minutes)
    await library.playlist("tt1", visibility=Playlist.VISIBILITY_PRIVATE)
    await library.UpdatePlaylist(playlist=Playlist(name=BEST, visibility=Playlist.VISIBILITY_PUBLIC))
    await library.FollowPlaylist(name=BEST, caller=token(BOB))
    await library.FollowPlaylist(name=BEST, caller=token(BOB))
    await library.UpdatePlaylist(playlist=Playlist(name=BEST, visibility=Playlist.VISIBILITY_UNLISTED))
    await library.DeletePlaylist(name=BEST)
    found = await told(client, 10, *OURS)
    progress = events_pb2.ViewingProgressRecorded
    assert [type(event) for event in found] == [*OURS[:4], progress, progress, progress, *OURS[5:]]
    assert (list(found[0].items), found[1].item, list(found[2].favorites), found[3].favorite) == ([item], item, [favorite], favorite)
    assert [event.viewings[0].watched_share for event in found[4:7]] == [0.01, 0.11, 0.95]
    assert (found[7].playlist.name, found[8].follower, found[9].playlist.visibility) == (BEST, BOB, Playlist.VISIBILITY_PUBLIC)


async def test_what_the_catalogue_tells_shows_on_lists_also_when_it_is_away(library: Library, client: Client, movies: KnownMovies) -> None:
    await library.AddToWatchlist(name=f"{ALICE}/watchlist/tt1")
    await library.watched("tt2", 10)
    movies.away = True
    await tell(client, MovieUpdated(movie=movie("tt1", title="Renamed", seconds=2)), "movies/tt1")
    await tell(client, MovieDeleted(movie=movie("tt1", title="Renamed", deleted=True, seconds=3)), "movies/tt1")
    await tell(client, MovieUpdated(movie=movie("tt1", title="Late", seconds=2)), "movies/tt1")
    await tell(client, MovieDeleted(movie=movie("tt2", deleted=True, seconds=3)), "movies/tt2")
    limit = time.monotonic() + 10
    while (await library.ListContinueWatching(parent=ALICE)).viewings:
        assert time.monotonic() < limit
        await asyncio.sleep(0.02)
    (gap,) = (await library.ListWatchlist(parent=ALICE)).items
    assert (gap.missing, gap.card.title) == (True, "Renamed")
    assert len((await library.ListHistory(parent=ALICE)).viewings) == 1


async def test_an_erased_user_has_nothing_here_and_follows_nobody(library: Library, client: Client) -> None:
    await library.AddToWatchlist(name=f"{ALICE}/watchlist/tt1")
    await library.AddFavorite(name=f"{ALICE}/favorites/tt1")
    await library.watched("tt1", 10)
    await library.playlist("tt1", "tt2")
    of_bob = f"{BOB}/playlists/mine"
    await library.playlist("tt1", name=of_bob)
    await library.FollowPlaylist(name=of_bob)
    await library.FollowPlaylist(name=BEST, caller=token(BOB))
    await tell(client, privacy.ErasureRequested(erasure="erasures/one", user=ALICE), ALICE)
    (done,) = await told(client, 1, privacy.ErasureDone)
    assert (done.erasure, done.user, done.context, done.erase_count) == ("erasures/one", ALICE, "library", 7)
    for listed in (library.ListWatchlist, library.ListHistory, library.ListPlaylists, library.ListFollowedPlaylists):
        answer = await listed(parent=ALICE)
        assert not answer.ListFields(), answer
    assert (await failure(library.GetPlaylist(name=BEST))).reason == "PLAYLIST_NOT_FOUND"
    assert (await library.GetPlaylist(name=of_bob)).playlist.follower_count == 0
