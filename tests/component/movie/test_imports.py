"""Movies in bulk: what is new, what changed, what is left alone, what is refused, and what is told about it."""

import asyncio
from collections.abc import AsyncIterator, Iterable

import grpc

from mesh.postgres.statements import text_statement
from mesh.server import RunningService
from reelmesh.movie.v1 import events_pb2
from reelmesh.movie.v1 import movie_service_pb2 as pb
from reelmesh.movie.v1.movie_pb2 import Movie
from tests.component.movie.stubs import Movies
from tests.services import admin, failure

_TOLD = text_statement("SELECT type_name, payload FROM outbox ORDER BY id")


def film(number: int, **changes: object) -> Movie:
    movie = Movie(name=f"movies/m{number}", title=f"Film {number}", release_year=1990 + number % 30, genres=["drama", "war"][: number % 3])
    for field, value in changes.items():
        setattr(movie, field, value)
    return movie


async def send(movies: Movies, *batches: Iterable[Movie], validate_only: bool = False) -> pb.ImportMoviesResponse:
    async def requests() -> AsyncIterator[pb.ImportMoviesRequest]:
        for batch in batches:
            yield pb.ImportMoviesRequest(movies=batch, validate_only=validate_only)

    return await movies.ImportMovies(requests(), metadata=admin())


async def told(service: RunningService) -> list[tuple[str, str]]:
    """Kind and movie of every event, in order."""
    rows = await service.foundation.database.fetch_all(_TOLD)
    kinds = {kind.DESCRIPTOR.full_name: kind for kind in (events_pb2.MovieCreated, events_pb2.MovieUpdated)}
    return [(name.rpartition(".")[2], kinds[name].FromString(payload).movie.title) for name, payload in rows]


def counts(response: pb.ImportMoviesResponse) -> tuple[int, int, int, int]:
    return response.created_count, response.updated_count, response.unchanged_count, response.rejected_count


async def test_sending_the_same_stream_again_changes_and_tells_nothing(movies: Movies, service: RunningService) -> None:
    batches = [[film(number) for number in range(start, start + 10)] for start in (0, 10)]
    assert counts(await send(movies, *batches)) == (20, 0, 0, 0)
    stored = (await movies.ListMovies(pb.ListMoviesRequest())).movies
    assert await told(service) == [("MovieCreated", f"Film {number}") for number in range(20)]
    assert counts(await send(movies, *batches)) == (0, 0, 20, 0)
    assert (await movies.ListMovies(pb.ListMoviesRequest())).movies == stored
    assert len(await told(service)) == 20


async def test_the_populated_fields_of_known_movies_change(movies: Movies, service: RunningService) -> None:
    await send(movies, [film(1, original_language="en"), film(2)])
    await movies.GetMovie(pb.GetMovieRequest(name="movies/m1"))
    assert counts(await send(movies, [film(1, title="Renamed"), film(2), film(3)])) == (1, 1, 1, 0)
    changed = (await movies.GetMovie(pb.GetMovieRequest(name="movies/m1"))).movie
    assert (changed.title, changed.original_language, list(changed.genres)) == ("Renamed", "en", ["drama"])
    assert (await told(service))[2:] == [("MovieCreated", "Film 3"), ("MovieUpdated", "Renamed")]


async def test_a_movie_named_twice_takes_both_in_turn(movies: Movies, service: RunningService) -> None:
    assert counts(await send(movies, [film(1), film(1, title="Later"), film(1, title="Later")])) == (1, 1, 1, 0)
    assert (await movies.GetMovie(pb.GetMovieRequest(name="movies/m1"))).movie.title == "Later"
    assert await told(service) == [("MovieCreated", "Later")]


async def test_what_breaks_a_rule_is_reported_and_the_rest_stored(movies: Movies) -> None:
    await send(movies, [film(9)])
    await movies.DeleteMovie(pb.DeleteMovieRequest(name="movies/m9"), metadata=admin())
    response = await send(
        movies,
        [film(0), film(1, title=""), film(2, name="")],
        [film(3, release_date="1992-02-31"), film(4, release_date="1999-01-01"), film(5, release_year=3000), film(9), film(6)],
    )
    assert counts(response) == (2, 0, 0, 6)
    assert [(rejected.index, rejected.reason) for rejected in response.rejected] == [
        (1, "INVALID_ARGUMENT"),
        (2, "INVALID_ARGUMENT"),
        (3, "INVALID_ARGUMENT"),
        (4, "INVALID_ARGUMENT"),
        (5, "INVALID_ARGUMENT"),
        (6, "MOVIE_DELETED"),
    ]
    assert all(rejected.message for rejected in response.rejected)


async def test_only_the_first_hundred_rejections_are_listed(movies: Movies) -> None:
    response = await send(movies, [film(number, title="") for number in range(150)])
    assert (response.rejected_count, len(response.rejected)) == (150, 100)


async def test_checking_only_stores_nothing(movies: Movies, service: RunningService) -> None:
    assert counts(await send(movies, [film(1), film(2, title="")], validate_only=True)) == (1, 0, 0, 1)
    assert not (await movies.ListMovies(pb.ListMoviesRequest())).movies
    assert not await told(service)


async def test_an_empty_stream_and_an_oversized_message_are_refused(movies: Movies) -> None:
    assert (await failure(send(movies))).code is grpc.StatusCode.INVALID_ARGUMENT
    too_many = (Movie(name=f"movies/{number}", title="x") for number in range(501))
    assert (await failure(send(movies, too_many))).fields == ["movies"]


async def test_imports_of_the_same_movies_at_once_create_each_of_them_once(movies: Movies, service: RunningService) -> None:
    forwards = [film(number) for number in range(300)]
    responses = await asyncio.gather(*(send(movies, order) for order in (forwards, forwards[::-1], forwards[150:] + forwards[:150])))
    assert sum(response.created_count for response in responses) == 300
    assert sum(response.unchanged_count for response in responses) == 600
    assert len(await told(service)) == 300
