"""Pages of every order, and the stream of all movies."""

import itertools
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from reelmesh.movie.v1 import movie_service_pb2 as pb
from reelmesh.movie.v1.movie_pb2 import Movie
from tests.component.movie.stubs import Movies
from tests.services import admin, failure

TITLES = ["Zulu", "alien", "Alien", "Amélie", "Élite", "Brazil", "brazil", "Zulu"]
YEARS = [1964, 1979, 1979, 2001, 0, 1985, 0, 1964]


async def fill(movies: Movies) -> list[Movie]:
    catalogue = [
        Movie(name=f"movies/m{index}", title=title, release_year=year)
        for index, (title, year) in enumerate(zip(TITLES, YEARS, strict=True))
    ]
    for movie in catalogue:
        request = pb.CreateMovieRequest(movie=movie, movie_id=movie.name.removeprefix("movies/"))
        movie.CopyFrom((await movies.CreateMovie(request, metadata=admin())).movie)
    return catalogue


async def pages(movies: Movies, **arguments: Any) -> list[list[str]]:
    found, token = [], ""
    while True:
        page = await movies.ListMovies(pb.ListMoviesRequest(page_token=token, **arguments))
        found.append([movie.name for movie in page.movies])
        token = page.next_page_token
        if not token:
            return found


def by_title(movie: Movie) -> tuple[object, ...]:
    return movie.title.lower(), movie.name


def by_year(movie: Movie) -> tuple[object, ...]:
    return movie.release_year, movie.name


def by_create_time(movie: Movie) -> tuple[object, ...]:
    return movie.create_time.ToNanoseconds(), movie.name


ORDERS: list[tuple[str, Callable[[Movie], tuple[object, ...]]]] = [
    ("", lambda movie: (movie.name,)),
    ("title", by_title),
    ("release_year", by_year),
    ("create_time", by_create_time),
]


@pytest.mark.parametrize("page_size", [1, 3, 8])
async def test_every_order_lists_each_movie_once(movies: Movies, page_size: int) -> None:
    catalogue = await fill(movies)
    for (order, key), direction in itertools.product(ORDERS, ("", " desc")):
        if order or not direction:
            expected = [movie.name for movie in sorted(catalogue, key=key, reverse=bool(direction))]
            found = await pages(movies, order_by=order + direction, page_size=page_size)
            assert list(itertools.chain(*found)) == expected, order + direction
            assert [len(page) for page in found[:-1]] == [page_size] * (len(found) - 1)


async def test_a_movie_added_meanwhile_neither_repeats_nor_hides_another(movies: Movies) -> None:
    await fill(movies)
    first = await movies.ListMovies(pb.ListMoviesRequest(page_size=4))
    await movies.CreateMovie(pb.CreateMovieRequest(movie=Movie(title="x"), movie_id="a"), metadata=admin())
    rest = await movies.ListMovies(pb.ListMoviesRequest(page_token=first.next_page_token))
    assert [movie.name for movie in (*first.movies, *rest.movies)] == [f"movies/m{index}" for index in range(8)]


async def test_a_token_belongs_to_its_arguments(movies: Movies) -> None:
    await fill(movies)
    token = (await movies.ListMovies(pb.ListMoviesRequest(page_size=2, order_by="title"))).next_page_token
    for request in (
        pb.ListMoviesRequest(page_token=token),
        pb.ListMoviesRequest(page_token=token, order_by="title desc"),
        pb.ListMoviesRequest(page_token=token, order_by="title", show_deleted=True),
    ):
        answer = await failure(movies.ListMovies(request))
        assert (answer.code, answer.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["page_token"])


async def test_the_export_streams_all_active_movies_by_name(movies: Movies, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("movie_service.infrastructure.grpc.servicer._EXPORT_PAGE", 3)
    catalogue = await fill(movies)
    await movies.DeleteMovie(pb.DeleteMovieRequest(name="movies/m2"), metadata=admin())
    exported = [response.movie async for response in movies.ExportMovies(pb.ExportMoviesRequest())]
    assert exported == [movie for movie in catalogue if movie.name != "movies/m2"]
