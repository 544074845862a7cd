"""One movie from its creation to its deletion and back, over gRPC."""

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask

from reelmesh.movie.v1 import movie_service_pb2 as pb
from reelmesh.movie.v1.movie_pb2 import Movie
from tests.component.movie.stubs import Movies
from tests.services import admin, failure, token

STORY = Movie(
    title="Toy Story",
    release_year=1995,
    release_date="1995-11-22",
    runtime=Duration(seconds=81 * 60),
    original_language="en",
    genres=["animation", "comedy"],
)
NAME = "movies/tt0114709"


async def create(movies: Movies, movie: Movie = STORY, movie_id: str = "tt0114709") -> Movie:
    return (await movies.CreateMovie(pb.CreateMovieRequest(movie=movie, movie_id=movie_id), metadata=admin())).movie


async def get(movies: Movies, name: str = NAME) -> Movie:
    return (await movies.GetMovie(pb.GetMovieRequest(name=name))).movie


async def test_a_created_movie_is_read_as_it_was_sent(movies: Movies) -> None:
    created = await create(movies)
    assert created.name == NAME
    assert created.state == Movie.STATE_ACTIVE
    for field in STORY.DESCRIPTOR.fields:
        if field.name in {each.name for each, _ in STORY.ListFields()}:
            assert getattr(created, field.name) == getattr(STORY, field.name)
    assert created.etag
    assert created.create_time == created.update_time
    assert await get(movies) == created


async def test_without_an_id_it_gets_one_that_sorts_by_time(movies: Movies) -> None:
    first = await create(movies, movie_id="")
    second = await create(movies, movie_id="")
    assert first.name < second.name
    assert first.name[len("movies/") :][14] == "7"


async def test_the_same_request_id_creates_one_movie(movies: Movies) -> None:
    request = pb.CreateMovieRequest(movie=STORY, request_id="once")
    first = await movies.CreateMovie(request, metadata=admin())
    assert await movies.CreateMovie(request, metadata=admin()) == first
    listed = await movies.ListMovies(pb.ListMoviesRequest())
    assert [movie.name for movie in listed.movies] == [first.movie.name]


async def test_an_update_takes_what_the_mask_names_and_is_seen_at_once(movies: Movies) -> None:
    created = await create(movies)
    await get(movies)
    change = Movie(name=NAME, title="Toy Story!", original_title="not taken")
    updated = (
        await movies.UpdateMovie(pb.UpdateMovieRequest(movie=change, update_mask=FieldMask(paths=["title", "runtime"])), metadata=admin())
    ).movie
    assert (updated.title, updated.original_title, updated.HasField("runtime")) == ("Toy Story!", "", False)
    assert updated.etag != created.etag
    assert await get(movies) == updated


async def test_without_a_mask_the_populated_fields_change(movies: Movies) -> None:
    await create(movies)
    updated = (await movies.UpdateMovie(pb.UpdateMovieRequest(movie=Movie(name=NAME, original_language="fr")), metadata=admin())).movie
    assert (updated.title, updated.original_language, updated.release_year) == ("Toy Story", "fr", 1995)


async def test_an_update_that_changes_nothing_keeps_the_etag(movies: Movies) -> None:
    created = await create(movies)
    same = await movies.UpdateMovie(pb.UpdateMovieRequest(movie=created), metadata=admin())
    assert same.movie == created


async def test_a_deleted_movie_is_read_with_its_state_but_not_listed(movies: Movies) -> None:
    await create(movies)
    await get(movies)
    deleted = (await movies.DeleteMovie(pb.DeleteMovieRequest(name=NAME), metadata=admin())).movie
    assert deleted.state == Movie.STATE_DELETED
    assert deleted.HasField("delete_time")
    assert await get(movies) == deleted
    assert not (await movies.ListMovies(pb.ListMoviesRequest())).movies
    assert [movie.name for movie in (await movies.ListMovies(pb.ListMoviesRequest(show_deleted=True))).movies] == [NAME]
    undeleted = (await movies.UndeleteMovie(pb.UndeleteMovieRequest(name=NAME, etag=deleted.etag), metadata=admin())).movie
    assert undeleted.state == Movie.STATE_ACTIVE
    assert not undeleted.HasField("delete_time")
    assert await get(movies) == undeleted


async def test_a_batch_keeps_its_order_and_names_what_is_missing(movies: Movies) -> None:
    for movie_id in ("a", "b", "c"):
        await create(movies, movie_id=movie_id)
    response = await movies.BatchGetMovies(pb.BatchGetMoviesRequest(names=["movies/c", "movies/x", "movies/a"]))
    assert [movie.name for movie in response.movies] == ["movies/c", "movies/a"]
    assert list(response.missing_names) == ["movies/x"]


BAD = grpc.StatusCode.INVALID_ARGUMENT
MASK = FieldMask(paths=["state"])
ERRORS = [
    ("CreateMovie", pb.CreateMovieRequest(), BAD, "INVALID_ARGUMENT"),
    ("CreateMovie", pb.CreateMovieRequest(movie=Movie(title=" ")), BAD, "INVALID_ARGUMENT"),
    ("CreateMovie", pb.CreateMovieRequest(movie=Movie(title="x", release_year=1995, release_date="1995-02-31")), BAD, "INVALID_ARGUMENT"),
    ("CreateMovie", pb.CreateMovieRequest(movie=Movie(title="x", release_year=1995, release_date="1996-02-21")), BAD, "INVALID_ARGUMENT"),
    ("CreateMovie", pb.CreateMovieRequest(movie=Movie(title="x", runtime=Duration(nanos=1))), BAD, "INVALID_ARGUMENT"),
    ("CreateMovie", pb.CreateMovieRequest(movie=STORY, movie_id="here"), grpc.StatusCode.ALREADY_EXISTS, "MOVIE_ALREADY_EXISTS"),
    ("CreateMovie", pb.CreateMovieRequest(movie=STORY, movie_id="gone"), grpc.StatusCode.ALREADY_EXISTS, "MOVIE_ALREADY_EXISTS"),
    ("GetMovie", pb.GetMovieRequest(), BAD, "INVALID_ARGUMENT"),
    ("GetMovie", pb.GetMovieRequest(name="movies/x"), grpc.StatusCode.NOT_FOUND, "MOVIE_NOT_FOUND"),
    ("BatchGetMovies", pb.BatchGetMoviesRequest(names=["movies/x", "movies/x"]), BAD, "INVALID_ARGUMENT"),
    ("ListMovies", pb.ListMoviesRequest(order_by="runtime"), BAD, "INVALID_ARGUMENT"),
    ("ListMovies", pb.ListMoviesRequest(page_token="x"), BAD, "INVALID_ARGUMENT"),
    ("UpdateMovie", pb.UpdateMovieRequest(movie=Movie(name="movies/x", title="x")), grpc.StatusCode.NOT_FOUND, "MOVIE_NOT_FOUND"),
    ("UpdateMovie", pb.UpdateMovieRequest(movie=Movie(name="movies/here"), update_mask=MASK), BAD, "INVALID_ARGUMENT"),
    ("UpdateMovie", pb.UpdateMovieRequest(movie=Movie(name="movies/here"), update_mask=FieldMask(paths=["*"])), BAD, "INVALID_ARGUMENT"),
    ("UpdateMovie", pb.UpdateMovieRequest(movie=Movie(name="movies/here", etag="r9")), grpc.StatusCode.ABORTED, "ETAG_MISMATCH"),
    (
        "UpdateMovie",
        pb.UpdateMovieRequest(movie=Movie(name="movies/gone", title="x")),
        grpc.StatusCode.FAILED_PRECONDITION,
        "MOVIE_DELETED",
    ),
    ("DeleteMovie", pb.DeleteMovieRequest(name="x"), BAD, "INVALID_ARGUMENT"),
    ("DeleteMovie", pb.DeleteMovieRequest(name="movies/x"), grpc.StatusCode.NOT_FOUND, "MOVIE_NOT_FOUND"),
    ("DeleteMovie", pb.DeleteMovieRequest(name="movies/here", etag="r9"), grpc.StatusCode.ABORTED, "ETAG_MISMATCH"),
    ("DeleteMovie", pb.DeleteMovieRequest(name="movies/gone"), grpc.StatusCode.FAILED_PRECONDITION, "MOVIE_DELETED"),
    ("UndeleteMovie", pb.UndeleteMovieRequest(name="movies/"), BAD, "INVALID_ARGUMENT"),
    ("UndeleteMovie", pb.UndeleteMovieRequest(name="movies/x"), grpc.StatusCode.NOT_FOUND, "MOVIE_NOT_FOUND"),
    ("UndeleteMovie", pb.UndeleteMovieRequest(name="movies/gone", etag="r9"), grpc.StatusCode.ABORTED, "ETAG_MISMATCH"),
    ("UndeleteMovie", pb.UndeleteMovieRequest(name="movies/here"), grpc.StatusCode.FAILED_PRECONDITION, "MOVIE_NOT_DELETED"),
    ("GetMovieDetails", pb.GetMovieDetailsRequest(name="x"), BAD, "INVALID_ARGUMENT"),
    ("GetMovieDetails", pb.GetMovieDetailsRequest(name="movies/x"), grpc.StatusCode.NOT_FOUND, "MOVIE_NOT_FOUND"),
    ("GetMovieDetails", pb.GetMovieDetailsRequest(name="movies/gone"), grpc.StatusCode.NOT_FOUND, "MOVIE_NOT_FOUND"),
    ("GetHome", pb.GetHomeRequest(row_size=51), BAD, "INVALID_ARGUMENT"),
]


async def test_every_error_that_the_contract_names(movies: Movies) -> None:
    await create(movies, movie_id="here")
    await create(movies, movie_id="gone")
    await movies.DeleteMovie(pb.DeleteMovieRequest(name="movies/gone"), metadata=admin())
    for method, request, code, reason in ERRORS:
        answer = await failure(getattr(movies, method)(request, metadata=admin()))
        assert (method, answer.code, answer.reason) == (method, code, reason), request
        assert answer.info is not None
        assert answer.info.domain == "reelmesh.movie"


async def test_only_administrators_change_the_catalogue(movies: Movies) -> None:
    for method in ("CreateMovie", "UpdateMovie", "DeleteMovie", "UndeleteMovie"):
        request = getattr(pb, f"{method}Request")()
        assert (await failure(getattr(movies, method)(request))).code is grpc.StatusCode.UNAUTHENTICATED, method
        assert (await failure(getattr(movies, method)(request, metadata=token()))).code is grpc.StatusCode.PERMISSION_DENIED, method
