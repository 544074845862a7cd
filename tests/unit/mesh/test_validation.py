"""Requests against the limits of the contract."""

import math

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from mesh.errors import InvalidArgument
from mesh.field_masks import changed_fields
from mesh.validation import DEFAULT_MAX_ITEMS, checker, validate
from reelmesh.movie.v1 import movie_pb2, movie_service_pb2
from reelmesh.rating.v1 import rating_pb2, rating_service_pb2

Movie = movie_pb2.Movie


def _fields(request: Message) -> list[str]:
    try:
        validate(request)
    except InvalidArgument as error:
        return [violation.field for violation in error.violations]
    return []


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (movie_service_pb2.GetMovieRequest(name="movies/tt0114709"), []),
        (movie_service_pb2.GetMovieRequest(), ["name"]),
        (movie_service_pb2.GetMovieRequest(name="movies/UPPER"), ["name"]),
        (movie_service_pb2.GetMovieRequest(name="movies/a\n"), ["name"]),
        (movie_service_pb2.CreateMovieRequest(), ["movie"]),
        (
            movie_service_pb2.CreateMovieRequest(movie=Movie(release_year=1, title="x" * 501), movie_id="?"),
            ["movie.title", "movie.release_year", "movie_id"],
        ),
        (movie_service_pb2.CreateMovieRequest(movie=Movie(title="x", genres=["a", "!", "a"])), ["movie.genres", "movie.genres[1]"]),
        (movie_service_pb2.CreateMovieRequest(movie=Movie(title="nul\0")), ["movie.title"]),
        (movie_service_pb2.CreateMovieRequest(movie=Movie(title="x", state=99)), []),  # type: ignore[arg-type]  # output only: not read
        (movie_service_pb2.BatchGetMoviesRequest(names=["movies/a"] * 1001), ["names"]),
        (movie_service_pb2.ListMoviesRequest(page_size=-1, order_by="rating"), ["page_size", "order_by"]),
        (rating_service_pb2.RateMovieRequest(name="movies/a", score=3.5), []),
        (rating_service_pb2.RateMovieRequest(name="movies/a", score=3.3), ["score"]),
        (rating_service_pb2.RateMovieRequest(name="movies/a", score=5.5), ["score"]),
        (rating_service_pb2.RateMovieRequest(name="movies/a", score=math.nan), ["score"]),
        (rating_service_pb2.RateMovieRequest(name="movies/a", score=-math.inf), ["score"]),
        (rating_service_pb2.RateMovieRequest(name="movies/a"), ["score"]),
    ],
)
def test_a_request_is_told_all_that_is_wrong_with_it(request_: Message, fields: list[str]) -> None:
    assert _fields(request_) == fields


def test_an_import_is_not_refused_for_one_bad_item() -> None:
    good, bad = rating_pb2.ImportedRating(name="movies/a/ratings/u", score=4), rating_pb2.ImportedRating(name="?", score=9)
    assert _fields(rating_service_pb2.ImportRatingsRequest(ratings=[good, bad], source="demo")) == []
    violations: list[object] = []
    checker(bad.DESCRIPTOR)(bad, "", violations)  # type: ignore[arg-type]  # collected only
    assert len(violations) == 2


def test_a_time_outside_the_calendar_is_a_violation() -> None:
    rating = rating_pb2.ImportedRating(name="movies/a/ratings/u", score=4, rate_time=Timestamp(seconds=1 << 60))
    violations: list[object] = []
    checker(rating.DESCRIPTOR)(rating, "", violations)  # type: ignore[arg-type]  # collected only
    assert len(violations) == 1


def test_a_field_without_limits_is_bounded_all_the_same() -> None:
    assert _fields(movie_service_pb2.ListMoviesRequest(page_token="x" * 2001)) == ["page_token"]
    assert DEFAULT_MAX_ITEMS == 1000


def test_an_update_needs_only_the_name_of_its_resource() -> None:
    update = movie_service_pb2.UpdateMovieRequest
    assert _fields(update(movie=Movie(name="movies/a", release_year=1995))) == []
    assert _fields(update(movie=Movie(title="x"))) == ["movie.name"]
    assert _fields(update(movie=Movie(name="movies/a", release_year=3))) == ["movie.release_year"]


def test_a_mask_says_what_changes() -> None:
    movie = Movie(name="movies/a", title="x", release_year=0, etag="1")
    assert changed_fields(FieldMask(), movie) == {"title"}
    assert changed_fields(FieldMask(paths=["title", "release_year"]), movie) == {"title", "release_year"}
    assert {"title", "genres", "runtime"} <= changed_fields(FieldMask(paths=["*"]), movie)


@pytest.mark.parametrize("path", ["nonsense", "name", "state", "etag", "title.x", "create_time"])
def test_a_mask_with_a_path_that_cannot_change_is_a_violation(path: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        changed_fields(FieldMask(paths=["title", path]), Movie(name="movies/a", title="x"))
    assert [violation.field for violation in caught.value.violations] == ["update_mask"]


@pytest.mark.parametrize("paths", [["title"], ["*"]])
def test_a_mask_cannot_empty_a_required_field(paths: list[str]) -> None:
    with pytest.raises(InvalidArgument) as caught:
        changed_fields(FieldMask(paths=paths), Movie(name="movies/a"), "movie")
    assert [violation.field for violation in caught.value.violations] == ["movie.title"]
