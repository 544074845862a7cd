"""Watchlist and favourites over gRPC: what is on them, in which order, and what their movies look like."""

import pytest

from reelmesh.library.v1 import library_pb2
from reelmesh.movie.v1.movie_pb2 import MovieCard
from reelmesh.movie.v1.movie_service_pb2 import BatchGetMovieCardsResponse
from tests.component.library.calling import ALICE, Library
from tests.component.library.movies import MISSING, KnownMovies
from tests.services import admin, failure, token


async def test_a_movie_on_the_watchlist_can_be_read_listed_and_taken_off(library: Library) -> None:
    name = f"{ALICE}/watchlist/tt1"
    added = (await library.AddToWatchlist(name=name)).item
    assert (added.name, added.movie, added.missing) == (name, "movies/tt1", False)
    assert added.card == MovieCard(name="movies/tt1", title="Title tt1", release_year=2000)
    assert (await library.GetWatchlistItem(name=name)).item == added
    assert (await library.RemoveFromWatchlist(name=name)).item == added
    assert (await failure(library.GetWatchlistItem(name=name))).reason == "ITEM_NOT_FOUND"
    assert not (await library.ListWatchlist(parent=ALICE)).items


async def test_adding_twice_adds_once_and_keeps_the_time(library: Library) -> None:
    first = (await library.AddFavorite(name=f"{ALICE}/favorites/tt1")).favorite
    assert (await library.AddFavorite(name=f"{ALICE}/favorites/tt1")).favorite == first
    assert len((await library.ListFavorites(parent=ALICE)).favorites) == 1


async def test_watchlist_and_favourites_are_two_lists(library: Library) -> None:
    await library.AddToWatchlist(name=f"{ALICE}/watchlist/tt1")
    await library.AddFavorite(name=f"{ALICE}/favorites/tt2")
    assert [item.movie for item in (await library.ListWatchlist(parent=ALICE)).items] == ["movies/tt1"]
    assert [item.movie for item in (await library.ListFavorites(parent=ALICE)).favorites] == ["movies/tt2"]


async def test_pages_join_to_the_whole_list_latest_first(library: Library) -> None:
    for number in range(7):
        await library.AddToWatchlist(name=f"{ALICE}/watchlist/m{number}")
    found, page_token = [], ""
    while True:
        page = await library.ListWatchlist(parent=ALICE, page_size=3, page_token=page_token)
        found += [item.movie for item in page.items]
        page_token = page.next_page_token
        if not page_token:
            break
    assert found == [f"movies/m{number}" for number in reversed(range(7))]


async def test_a_page_asks_the_movie_context_once_and_in_the_callers_language(library: Library, movies: KnownMovies) -> None:
    for number in range(5):
        await library.AddToWatchlist(name=f"{ALICE}/watchlist/m{number}")
    movies.asked.clear()
    page = await library.ListWatchlist(parent=ALICE, caller=(*token(), ("accept-language", "fr")))
    assert movies.asked == ["BatchGetMovieCards"]
    assert movies.languages[-1] == "fr"
    assert page.items[0].card == MovieCard(name="movies/m4", title="Film m4", poster_uri="https://x/m4")
    assert not page.unavailable_parts


async def test_an_empty_page_asks_nobody(library: Library, movies: KnownMovies) -> None:
    await library.ListWatchlist(parent=ALICE)
    assert movies.asked == []


async def test_without_the_movie_context_a_page_shows_what_was_last_known_and_says_so(library: Library, movies: KnownMovies) -> None:
    await library.AddToWatchlist(name=f"{ALICE}/watchlist/tt1")
    movies.away = True
    page = await library.ListWatchlist(parent=ALICE)
    assert page.items[0].card == MovieCard(name="movies/tt1", title="Title tt1", release_year=2000)
    assert not page.items[0].missing
    assert list(page.unavailable_parts) == [library_pb2.CARD_PART_MOVIES]


async def test_parts_that_the_movie_context_does_without_are_passed_on(library: Library, movies: KnownMovies) -> None:
    await library.AddToWatchlist(name=f"{ALICE}/watchlist/tt1")
    movies.parts = [BatchGetMovieCardsResponse.PART_METADATA, BatchGetMovieCardsResponse.PART_RATINGS]
    page = await library.ListWatchlist(parent=ALICE)
    assert list(page.unavailable_parts) == [library_pb2.CARD_PART_METADATA, library_pb2.CARD_PART_RATINGS]


async def test_a_deleted_movie_leaves_a_readable_gap(library: Library, movies: KnownMovies) -> None:
    for movie in ("tt1", "tt2"):
        await library.AddToWatchlist(name=f"{ALICE}/watchlist/{movie}")
    movies.deleted.add("tt1")
    kept, gap = (await library.ListWatchlist(parent=ALICE)).items
    assert (kept.missing, gap.missing, gap.card.title, gap.card.release_year) == (False, True, "Title tt1", 2000)


async def test_a_movie_that_is_missing_or_deleted_cannot_be_added(library: Library, movies: KnownMovies) -> None:
    movies.deleted.add("tt1")
    for movie in ("tt1", MISSING):
        assert (await failure(library.AddToWatchlist(name=f"{ALICE}/watchlist/{movie}"))).reason == "MOVIE_NOT_FOUND"


async def test_a_request_sent_again_has_one_effect_and_the_same_answer(library: Library) -> None:
    name = f"{ALICE}/watchlist/tt1"
    first = await library.AddToWatchlist(name=name, request_id="r1")
    await library.RemoveFromWatchlist(name=name)
    assert await library.AddToWatchlist(name=name, request_id="r1") == first
    assert not (await library.ListWatchlist(parent=ALICE)).items


@pytest.mark.parametrize("movie", ["tt1", MISSING])
async def test_a_list_is_its_owners_and_the_admins_only_whatever_is_on_it(library: Library, movie: str) -> None:
    await library.AddToWatchlist(name=f"{ALICE}/watchlist/tt1", caller=admin())
    name, bob = f"{ALICE}/watchlist/{movie}", token("users/bob")
    for call in (library.GetWatchlistItem, library.AddToWatchlist, library.RemoveFromWatchlist):
        assert (await failure(call(name=name, caller=bob))).reason == "NOT_OWNER"
    assert (await failure(library.ListWatchlist(parent=ALICE, caller=bob))).reason == "NOT_OWNER"
    assert len((await library.ListWatchlist(parent=ALICE)).items) == 1
