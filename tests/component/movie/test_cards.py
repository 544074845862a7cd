"""BatchGetMovieCards: what lists of other contexts show of movies, one call to each context."""

import pytest

from reelmesh.movie.v1 import movie_service_pb2 as pb
from reelmesh.movie.v1.movie_pb2 import Movie, MovieCard
from tests.component.movie.neighbours import Neighbours, document
from tests.component.movie.stubs import Movies
from tests.services import admin, failure

NAMES = ["movies/m2", "movies/never", "movies/m0", "movies/m1"]


@pytest.fixture(autouse=True)
async def catalogue(movies: Movies, neighbours: Neighbours) -> None:
    for number in range(3):
        name, movie = f"movies/m{number}", Movie(title=f"Film {number}", release_year=2000 + number)
        await movies.CreateMovie(pb.CreateMovieRequest(movie=movie, movie_id=f"m{number}"), metadata=admin())
        neighbours.documents[f"{name}/metadata"] = document(name, f"Told {number}")
    await movies.DeleteMovie(pb.DeleteMovieRequest(name="movies/m1"), metadata=admin())
    neighbours.ratings["movies/m0"] = (5, 3.0)


async def test_cards_come_in_the_order_of_their_names_and_missing_and_deleted_movies_are_named(movies: Movies) -> None:
    found = await movies.BatchGetMovieCards(pb.BatchGetMovieCardsRequest(names=NAMES), metadata=(("accept-language", "fr"),))
    assert list(found.cards) == [
        MovieCard(name="movies/m2", title="Told 2 fr", release_year=2002, poster_uri="https://x/Told 2"),
        MovieCard(name="movies/m0", title="Told 0 fr", release_year=2000, poster_uri="https://x/Told 0", rating_mean=3, rating_count=5),
    ]
    assert list(found.missing_names) == ["movies/never", "movies/m1"]
    assert not found.unavailable_parts


async def test_each_context_is_asked_once(movies: Movies, neighbours: Neighbours) -> None:
    await movies.BatchGetMovieCards(pb.BatchGetMovieCardsRequest(names=NAMES))
    assert neighbours.methods() == ["BatchGetMovieMetadata", "BatchGetRatingSummaries"]


async def test_without_the_other_contexts_cards_show_what_the_catalogue_knows(movies: Movies, neighbours: Neighbours) -> None:
    neighbours.failing |= {"BatchGetMovieMetadata", "BatchGetRatingSummaries"}
    found = await movies.BatchGetMovieCards(pb.BatchGetMovieCardsRequest(names=["movies/m0"], language_code="fr"))
    assert list(found.cards) == [MovieCard(name="movies/m0", title="Film 0", release_year=2000)]
    parts = pb.BatchGetMovieCardsResponse
    assert set(found.unavailable_parts) == {parts.PART_RATINGS, parts.PART_METADATA}


async def test_wrong_names_are_refused(movies: Movies) -> None:
    wrong = await failure(movies.BatchGetMovieCards(pb.BatchGetMovieCardsRequest(names=["m0"])))
    assert (wrong.reason, wrong.fields) == ("INVALID_ARGUMENT", ["names[0]"])
