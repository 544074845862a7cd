"""CSV files in and out: rows are matched with the catalogue, bad ones are reported, what comes out goes in again."""

from collections.abc import Sequence

import pytest

from library_service.infrastructure.events.projection import project
from mesh.postgres.statements import text_statement
from mesh.server import RunningService
from reelmesh.library.v1.transfer_service_pb2 import ExportListRequest, ImportListResponse
from reelmesh.movie.v1.events_pb2 import MovieCreated
from tests.component.library.calling import ALICE, BEST, Library
from tests.component.library.movies import movie
from tests.services import failure, token

WATCHLIST, HISTORY = f"{ALICE}/watchlist", f"{ALICE}/history"
FILMS = {"tt0114709": "Toy Story", "tt0211915": "Amélie", "kid-one": "The Kid", "kid-two": "The Kid", "tt0000001": 'Quotes "and", commas'}


@pytest.fixture(autouse=True)
async def catalogue(running: RunningService) -> None:
    events = [MovieCreated(movie=movie(movie_id, title=title)) for movie_id, title in FILMS.items()]
    events[1].movie.original_title = "Le Fabuleux Destin d'Amélie Poulain"
    events[3].movie.release_year = 1921
    async with running.foundation.database.transaction() as transaction:
        await project(transaction, events)


def reasons(response: ImportListResponse) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in response.rejected]


async def movies_of(library: Library, listed: str = WATCHLIST) -> list[str]:
    return [line.split(",")[1] for line in (await library.exported(listed))[1:]]


LETTERBOXD = ["Date,Name,Year,Letterboxd URI", "2024-01-05,Toy Story,2000,https://boxd.it/1", "2024-01-06,amélie,2000,https://boxd.it/2"]
LETTERBOXD_IMPORT = ["imdbID,Title,Year,WatchedDate", "tt0114709,,,2024-01-05", "tt0211915,Whatever,1990,2024-01-06"]
TRAKT = [
    "rank,listed_at,type,title,year,imdb_id",
    "1,2024-01-05T10:00:00.000Z,movie,Toy Story,2000,tt0114709",
    "2,2024-01-06T10:00:00.000Z,movie,Le fabuleux destin  d'Amélie Poulain,2000,",
]


@pytest.mark.parametrize("lines", [LETTERBOXD, LETTERBOXD_IMPORT, TRAKT], ids=["letterboxd", "letterboxd-import", "trakt"])
async def test_files_of_letterboxd_and_trakt_are_read(library: Library, lines: Sequence[str]) -> None:
    response = await library.imported(WATCHLIST, lines)
    assert (response.added_count, response.unchanged_count, response.rejected_count) == (2, 0, 0)
    items = (await library.ListWatchlist(parent=ALICE)).items
    assert [(item.movie, item.add_time.ToDatetime().day) for item in items] == [("movies/tt0211915", 6), ("movies/tt0114709", 5)]


async def test_the_same_file_again_changes_nothing(library: Library) -> None:
    await library.imported(WATCHLIST, LETTERBOXD)
    again = await library.imported(WATCHLIST, LETTERBOXD)
    assert (again.added_count, again.unchanged_count, again.rejected_count) == (0, 2, 0)


async def test_one_bad_row_does_not_refuse_the_others(library: Library) -> None:
    lines = [
        "\ufeffTitle,Year,imdbID,Date,type",
        "Toy Story,2000,,2024-01-05,",
        "Toy Story,1999,,,",
        "The Kid,,,,",
        "The Kid,1921,,,movie",
        ",,,,",
        "Toy Story,soon,,,",
        "Toy Story,2000,,yesterday,",
        "Toy Story,2000,,2999-01-01,",
        "Lost,2004,,,show",
        'Am"élie,2000,,,',
        "Amélie,2000,,,",
        "x" * 10_001,
        "Toy\0Story,2000,,,",
    ]
    response = await library.imported(WATCHLIST, lines)
    assert response.added_count == 3
    assert reasons(response) == [
        (3, "MOVIE_NOT_FOUND"),
        (4, "MOVIE_AMBIGUOUS"),
        (6, "INVALID_ARGUMENT"),
        (7, "INVALID_ARGUMENT"),
        (8, "INVALID_ARGUMENT"),
        (9, "INVALID_ARGUMENT"),
        (10, "NOT_A_MOVIE"),
        (11, "INVALID_ARGUMENT"),
        (13, "INVALID_ARGUMENT"),
        (14, "INVALID_ARGUMENT"),
    ]


async def test_a_large_import_of_long_titles_is_told_in_events_that_fit(library: Library, running: RunningService) -> None:
    films = [movie(f"film-{number:0>55}", title="💿" * 490 + f"{number}") for number in range(499)]
    async with running.foundation.database.transaction() as transaction:
        await project(transaction, [MovieCreated(movie=film) for film in films])
    response = await library.imported(WATCHLIST, ["imdbID", *(film.name[7:] for film in films)])
    assert (response.added_count, response.rejected_count) == (499, 0)
    sizes = text_statement("SELECT count(*) FROM outbox WHERE type_name LIKE '%%MoviesAddedToWatchlist'")
    assert await running.foundation.database.fetch_one(sizes) == (5,)


async def test_a_row_may_go_on_in_the_next_line_and_the_next_message(library: Library) -> None:
    response = await library.imported(
        WATCHLIST, ["Title,Year,Review", 'Toy Story,2000,"Good.'], ["", 'Very good."', "Amélie,2000,"], ['"Quotes ""and"", commas",2000,']
    )
    assert (response.added_count, response.rejected_count) == (3, 0)


async def test_a_list_of_letterboxds_export_says_what_it_is_called_first(library: Library) -> None:
    lines = ["Letterboxd list export v7", "Date,Name,Tags,URL,Description", "2024-01-01,Best,,,", "", "Position,Name,Year,URL,Description"]
    await library.playlist()
    await library.imported(BEST, [*lines, "1,Amélie,2000,,", "2,Toy Story,2000,,"])
    assert await library.order() == ["tt0211915", "tt0114709"]


async def test_a_file_without_a_movie_column_is_refused(library: Library) -> None:
    for lines in (["When,Where"], [" "]):
        assert (await failure(library.imported(WATCHLIST, lines))).fields == ["lines"]


async def test_validate_only_counts_and_stores_nothing(library: Library) -> None:
    response = await library.imported(WATCHLIST, LETTERBOXD, validate_only=True)
    assert response.added_count == 2
    assert await movies_of(library) == []


async def test_imported_viewings_are_watched_and_leave_what_is_there(library: Library) -> None:
    await library.watched("tt0114709", 10)
    response = await library.imported(HISTORY, LETTERBOXD_IMPORT)
    assert (response.added_count, response.unchanged_count) == (1, 1)
    found = (await library.GetViewing(name=f"{HISTORY}/tt0211915")).viewing
    assert (found.finished, found.view_count, found.watched_share, found.HasField("duration")) == (True, 1, 1.0, False)
    assert len((await library.ListContinueWatching(parent=ALICE)).viewings) == 1


@pytest.mark.parametrize("form", [ExportListRequest.FORMAT_LETTERBOXD, ExportListRequest.FORMAT_TRAKT])
async def test_what_comes_out_goes_in_again(library: Library, form: ExportListRequest.Format.ValueType) -> None:
    movies = ["tt0114709", "kid-two", "tt0000001"]  # the second has no IMDb id, but a title and a year of its own
    await library.playlist(*movies)
    lines = await library.exported(BEST, form)
    again = f"{ALICE}/playlists/again"
    await library.playlist(name=again)
    response = await library.imported(again, lines)
    assert (response.added_count, response.rejected_count) == (3, 0)
    assert await library.order(again) == movies


async def test_each_list_has_the_columns_of_its_format(library: Library) -> None:
    await library.watched("tt0114709", 10)
    history = await library.exported(HISTORY, ExportListRequest.FORMAT_TRAKT)
    assert history[0] == "imdb_id,type,title,year,watched_at"
    assert history[1].startswith("tt0114709,movie,Toy Story,2000,20")
    assert (await library.exported(f"{ALICE}/favorites"))[0] == "imdbID,Title,Year,Date"


async def test_lists_of_others_and_playlists_that_are_not_there_are_refused(library: Library) -> None:
    assert (await failure(library.imported(WATCHLIST, LETTERBOXD, caller=token("users/bob")))).reason == "NOT_OWNER"
    assert (await failure(library.imported(BEST, LETTERBOXD))).reason == "PLAYLIST_NOT_FOUND"
    assert (await failure(library.imported("", LETTERBOXD))).fields == ["list"]
    with pytest.raises(Exception, match="does not exist"):
        await library.exported(BEST)
