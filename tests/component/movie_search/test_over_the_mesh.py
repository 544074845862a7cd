"""From a change in the catalogue to a search result, through outbox, NATS and the service's own consumer."""

import asyncio
from pathlib import Path

import grpc

from movie_service.__main__ import MIGRATIONS
from movie_service.bootstrap import build
from reelmesh.movie.v1 import movie_service_pb2 as pb
from reelmesh.movie.v1.movie_pb2 import Movie
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceStub
from tests.component.movie.stubs import Movies
from tests.services import admin, failure, serving


async def test_what_the_catalogue_does_shows_up_in_search(empty_database_url: str, nats_server: str, tmp_path: Path) -> None:
    async with (
        serving("movie", build, MIGRATIONS, empty_database_url, tmp_path, nats_url=nats_server) as running,
        grpc.aio.insecure_channel(running.address) as channel,
    ):
        movies: Movies = MovieServiceStub(channel)

        async def found(query: str, *names: str) -> None:
            async with asyncio.timeout(10):
                while True:
                    answer = await movies.SearchMovies(pb.SearchMoviesRequest(query=query))
                    if [result.movie.name for result in answer.results] == list(names):
                        return
                    await asyncio.sleep(0.02)

        story = Movie(title="Toy Story", release_year=1995)
        await movies.CreateMovie(pb.CreateMovieRequest(movie=story, movie_id="tt0114709"), metadata=admin())
        await found("toy stroy", "movies/tt0114709")
        answer = await movies.SearchMovies(pb.SearchMoviesRequest(query="toy"))
        assert answer.results[0].movie == (await movies.GetMovie(pb.GetMovieRequest(name="movies/tt0114709"))).movie

        imported = [Movie(name=f"movies/m{number}", title=f"Film {number}") for number in range(400)]
        await movies.ImportMovies(iter([pb.ImportMoviesRequest(movies=imported)]), metadata=admin())
        await found("film 399", "movies/m399")

        await movies.DeleteMovie(pb.DeleteMovieRequest(name="movies/tt0114709"), metadata=admin())
        await found("toy")


async def test_years_the_wrong_way_round_are_an_invalid_argument(empty_database_url: str, tmp_path: Path) -> None:
    async with (
        serving("movie", build, MIGRATIONS, empty_database_url, tmp_path) as running,
        grpc.aio.insecure_channel(running.address) as channel,
    ):
        movies: Movies = MovieServiceStub(channel)
        refused = await failure(movies.SearchMovies(pb.SearchMoviesRequest(year_from=2001, year_to=2000)))
        assert refused.code is grpc.StatusCode.INVALID_ARGUMENT
        assert refused.reason == "INVALID_ARGUMENT"
        assert set(refused.fields) == {"year_from", "year_to"}
