"""Viewing history over gRPC: progress, what is to be continued, and what counts as watched."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.component.library.calling import ALICE, Library
from tests.component.library.movies import KnownMovies
from tests.services import failure, token

NOW = datetime.now(UTC)


async def begun(library: Library) -> list[str]:
    return [viewing.movie.removeprefix("movies/") for viewing in (await library.ListContinueWatching(parent=ALICE)).viewings]


async def test_a_viewing_goes_on_where_the_player_was(library: Library) -> None:
    viewing = await library.watched("tt1", 30)
    assert (viewing.position.seconds, viewing.duration.seconds, viewing.watched_share) == (1800, 6000, 0.3)
    assert (viewing.finished, viewing.view_count) == (False, 0)
    assert (await library.GetViewing(name=f"{ALICE}/history/tt1")).viewing == viewing
    assert (await library.watched("tt1", 40)).watched_share == 0.4
    assert len((await library.ListHistory(parent=ALICE)).viewings) == 1


async def test_what_was_begun_is_to_be_continued_until_the_credits(library: Library) -> None:
    await library.watched("tt1", 10)
    await library.watched("tt2", 89.9)
    assert await begun(library) == ["tt2", "tt1"]
    finished = await library.watched("tt2", 90)
    assert (finished.finished, finished.view_count) == (True, 1)
    assert await begun(library) == ["tt1"]
    assert [viewing.movie for viewing in (await library.ListHistory(parent=ALICE)).viewings] == ["movies/tt2", "movies/tt1"]


async def test_going_on_behind_the_credits_counts_once_and_watching_again_twice(library: Library) -> None:
    for minutes in (95, 100):
        assert (await library.watched("tt1", minutes)).view_count == 1
    assert (await library.watched("tt1", 1)).finished is False
    assert (await library.watched("tt1", 95)).view_count == 2


async def test_what_comes_late_changes_nothing(library: Library) -> None:
    latest = await library.watched("tt1", 50, at=NOW)
    assert await library.watched("tt1", 10, at=NOW - timedelta(minutes=5)) == latest
    assert (await library.watched("tt1", 60, at=NOW + timedelta(seconds=2))).watched_share == 0.6


async def test_a_movie_that_was_deleted_stays_in_the_history_and_cannot_be_continued(library: Library, movies: KnownMovies) -> None:
    await library.watched("tt1", 10)
    movies.deleted.add("tt1")
    (gap,) = (await library.ListHistory(parent=ALICE)).viewings
    assert (gap.missing, gap.card.title) == (True, "Title tt1")


async def test_a_viewing_can_be_forgotten_and_the_whole_history_too(library: Library) -> None:
    for movie in ("tt1", "tt2", "tt3"):
        await library.watched(movie, 10)
    assert (await library.RemoveFromHistory(name=f"{ALICE}/history/tt1")).viewing.movie == "movies/tt1"
    assert (await failure(library.RemoveFromHistory(name=f"{ALICE}/history/tt1"))).reason == "VIEWING_NOT_FOUND"
    assert (await library.ClearHistory(parent=ALICE)).remove_count == 2
    assert (await library.ClearHistory(parent=ALICE)).remove_count == 0
    assert not (await library.ListHistory(parent=ALICE)).viewings


async def test_pages_of_both_lists_join(library: Library) -> None:
    for number in range(5):
        await library.watched(f"m{number}", 10)
    for call in (library.ListHistory, library.ListContinueWatching):
        found, page_token = [], ""
        while True:
            page = await call(parent=ALICE, page_size=2, page_token=page_token)
            found += [viewing.movie for viewing in page.viewings]
            page_token = page.next_page_token
            if not page_token:
                break
        assert found == [f"movies/m{number}" for number in reversed(range(5))]


@pytest.mark.parametrize(
    ("minutes", "of", "at", "fields"),
    [
        (10, 0, NOW, ["duration", "position"]),
        (10, 6001, NOW, ["duration"]),
        (101, 100, NOW, ["position"]),
        (-1, 100, NOW, ["position"]),
        (1, 100, NOW + timedelta(hours=1), ["view_time"]),
    ],
)
async def test_what_a_player_cannot_mean_is_refused(library: Library, minutes: float, of: float, at: datetime, fields: list[str]) -> None:
    assert (await failure(library.watched("tt1", minutes, of, at))).fields == fields


async def test_a_history_is_its_owners(library: Library) -> None:
    await library.watched("tt1", 10)
    bob = token("users/bob")
    name = f"{ALICE}/history/tt1"
    for call in (
        library.GetViewing(name=name, caller=bob),
        library.RemoveFromHistory(name=name, caller=bob),
        library.ListHistory(parent=ALICE, caller=bob),
        library.ListContinueWatching(parent=ALICE, caller=bob),
        library.ClearHistory(parent=ALICE, caller=bob),
        library.watched("tt1", 20, caller=bob),
    ):
        assert (await failure(call)).reason == "NOT_OWNER"
