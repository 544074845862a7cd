"""GetHome: rows of cards, one call to each context, degraded by row and by part."""

import pytest

from reelmesh.movie.v1 import movie_service_pb2 as pb
from reelmesh.movie.v1.movie_pb2 import HomeRow, Movie, MovieCard
from tests.component.movie.neighbours import Neighbours, document
from tests.component.movie.stubs import Movies
from tests.services import admin, token

Part = pb.GetHomeResponse


@pytest.fixture(autouse=True)
async def catalogue(movies: Movies, neighbours: Neighbours) -> None:
    for number in range(6):
        name = f"movies/m{number}"
        movie = Movie(title=f"Film {number}", release_year=2000 + number)
        await movies.CreateMovie(pb.CreateMovieRequest(movie=movie, movie_id=f"m{number}"), metadata=admin())
        neighbours.documents[f"{name}/metadata"] = document(name, f"Told {number}")
    await movies.CreateMovie(pb.CreateMovieRequest(movie=Movie(title="Announced", release_year=2190), movie_id="soon"), metadata=admin())
    neighbours.trending = ["movies/m3", "movies/gone", "movies/m0"]
    neighbours.for_you = {"alice": ["movies/m4", "movies/m2"]}
    neighbours.ratings |= {"movies/m1": (10, 4.9), "movies/m2": (20, 4.0), "movies/gone": (30, 3.9), "movies/m0": (5, 3.0)}


def names(home: pb.GetHomeResponse, kind: HomeRow.Kind.ValueType) -> list[str]:
    return [card.name.removeprefix("movies/") for row in home.rows if row.kind == kind for card in row.movies]


async def test_the_rows_are_composed_of_cards(movies: Movies) -> None:
    home = await movies.GetHome(pb.GetHomeRequest(row_size=4))
    assert names(home, HomeRow.KIND_TOP_RATED) == ["m1", "m2", "m0"]
    assert names(home, HomeRow.KIND_NEW) == ["m5", "m4", "m3", "m2"]
    assert names(home, HomeRow.KIND_TRENDING) == ["m3", "m0"]
    best = home.rows[1].movies[0]
    expected = MovieCard(
        name="movies/m1", title="Film 1", release_year=2001, poster_uri="https://x/Told 1", rating_mean=4.9, rating_count=10
    )
    assert best == expected
    assert not home.rows[2].movies[0].HasField("rating_mean")
    assert not home.unavailable_parts
    assert all(row.title for row in home.rows)


async def test_each_context_is_asked_once_however_many_cards_there_are(movies: Movies, neighbours: Neighbours) -> None:
    await movies.GetHome(pb.GetHomeRequest())
    await movies.GetHome(pb.GetHomeRequest())
    assert neighbours.methods() == ["BatchGetMovieMetadata", "BatchGetRatingSummaries", "ListTopRated", "ListTrendingMovies"]


async def test_a_caller_with_a_token_has_a_row_of_their_own_and_nobody_else_sees_it(movies: Movies, neighbours: Neighbours) -> None:
    home = await movies.GetHome(pb.GetHomeRequest(), metadata=token())
    assert [row.kind for row in home.rows] == [HomeRow.KIND_FOR_YOU, HomeRow.KIND_TRENDING, HomeRow.KIND_TOP_RATED, HomeRow.KIND_NEW]
    assert names(home, HomeRow.KIND_FOR_YOU) == ["m4", "m2"]
    assert not home.unavailable_parts
    assert names(await movies.GetHome(pb.GetHomeRequest()), HomeRow.KIND_FOR_YOU) == []
    await movies.GetHome(pb.GetHomeRequest(), metadata=token())
    assert neighbours.methods().count("ListTrendingMovies") == 1
    assert neighbours.methods().count("RecommendMovies") == 2


@pytest.mark.parametrize("away", [{"RecommendMovies"}, {"ListTrendingMovies"}, {"RecommendMovies", "ListTrendingMovies"}])
async def test_without_the_recommender_its_rows_are_left_out_and_named(movies: Movies, neighbours: Neighbours, away: set[str]) -> None:
    neighbours.failing |= away
    home = await movies.GetHome(pb.GetHomeRequest(), metadata=token())
    expected = {"RecommendMovies": Part.PART_FOR_YOU, "ListTrendingMovies": Part.PART_TRENDING}
    assert set(home.unavailable_parts) == {expected[method] for method in away}
    assert {HomeRow.KIND_TOP_RATED, HomeRow.KIND_NEW} <= {row.kind for row in home.rows}


async def test_cards_are_in_the_language_that_is_asked_for(movies: Movies) -> None:
    home = await movies.GetHome(pb.GetHomeRequest(language_code="fr"))
    assert home.rows[1].movies[0].title == "Told 1 fr"


async def test_a_card_shows_the_catalogues_title_rather_than_one_in_a_language_nobody_asked_for(movies: Movies) -> None:
    assert (await movies.GetHome(pb.GetHomeRequest())).rows[1].movies[0].title == "Film 1"


async def test_without_metadata_and_ratings_cards_show_what_the_catalogue_knows(movies: Movies, neighbours: Neighbours) -> None:
    neighbours.failing |= {
        "BatchGetMovieMetadata",
        "BatchGetRatingSummaries",
        "ListTopRated",
        "ListTrendingMovies",
        "RecommendMovies",
    }
    home = await movies.GetHome(pb.GetHomeRequest(row_size=1), metadata=token())
    assert list(home.rows[0].movies) == [MovieCard(name="movies/m5", title="Film 5", release_year=2005)]
    away = {Part.PART_FOR_YOU, Part.PART_TRENDING, Part.PART_TOP_RATED, Part.PART_RATINGS, Part.PART_METADATA}
    assert set(home.unavailable_parts) == away
    neighbours.failing.clear()
    home = await movies.GetHome(pb.GetHomeRequest(row_size=1), metadata=token())
    assert not home.unavailable_parts


async def test_a_deleted_movie_leaves_the_page_at_once(movies: Movies) -> None:
    await movies.GetHome(pb.GetHomeRequest())
    await movies.DeleteMovie(pb.DeleteMovieRequest(name="movies/m1"), metadata=admin())
    home = await movies.GetHome(pb.GetHomeRequest())
    assert "m1" not in names(home, HomeRow.KIND_TOP_RATED) + names(home, HomeRow.KIND_NEW)


async def test_credentials_are_passed_on_for_the_callers_own_row_only(movies: Movies, neighbours: Neighbours) -> None:
    await movies.GetHome(pb.GetHomeRequest(), metadata=token())
    with_credentials = [asked.method for asked in neighbours.asked if "authorization" in asked.metadata]
    assert "RecommendMovies" in with_credentials
    assert not {"ListTrendingMovies", "ListTopRated"} & set(with_credentials)
