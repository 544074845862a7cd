"""Nothing is lost between the domain, the contract and the rows."""

from dataclasses import fields
from datetime import UTC

import pytest
from hypothesis import given

from movie_service.domain import events
from movie_service.domain.errors import FactsContradict
from movie_service.domain.movie import Facts, Movie, movie_id_of
from movie_service.infrastructure.events.encode import encode
from movie_service.infrastructure.grpc.translate import facts_from_proto, movie_to_proto
from movie_service.infrastructure.postgres.rows import COLUMNS, to_movie, to_row
from movie_service.infrastructure.postgres.tables import movies as table
from reelmesh.movie.v1 import events_pb2, movie_pb2
from tests.unit.movie.films import movies


def movie_from_proto(message: movie_pb2.Movie) -> Movie:
    return Movie(
        id=movie_id_of(message.name),
        facts=facts_from_proto(message),
        create_time=message.create_time.ToDatetime(UTC),
        update_time=message.update_time.ToDatetime(UTC),
        delete_time=message.delete_time.ToDatetime(UTC) if message.state == movie_pb2.Movie.STATE_DELETED else None,
        revision=int(message.etag.removeprefix("r")),
    )


@given(movies())
def test_a_movie_survives_the_contract(movie: Movie) -> None:
    assert movie_from_proto(movie_pb2.Movie.FromString(movie_to_proto(movie).SerializeToString())) == movie


@given(movies())
def test_a_movie_survives_its_row(movie: Movie) -> None:
    assert to_movie(to_row(movie)) == movie


def test_every_column_has_its_place_in_a_row() -> None:
    assert set(COLUMNS) == set(table.columns.keys())


def test_every_fact_is_a_field_of_the_contract() -> None:
    described = {field.name for field in movie_pb2.Movie.DESCRIPTOR.fields}
    assert {field.name for field in fields(Facts)} == described - {"name", "state", "create_time", "update_time", "delete_time", "etag"}


@given(movies())
def test_an_event_carries_the_whole_movie(movie: Movie) -> None:
    for event, kind in (
        (events.MovieCreated(movie), events_pb2.MovieCreated),
        (events.MovieUpdated(movie), events_pb2.MovieUpdated),
        (events.MovieDeleted(movie), events_pb2.MovieDeleted),
        (events.MovieUndeleted(movie), events_pb2.MovieUndeleted),
    ):
        message = encode(event)
        assert (message.type_name, message.key) == (kind.DESCRIPTOR.full_name, movie.name)
        assert movie_from_proto(kind.FromString(message.payload).movie) == movie


def test_days_and_times_that_do_not_exist_are_all_named() -> None:
    message = movie_pb2.Movie(title="x", release_date="2023-02-29")
    message.runtime.nanos = 5
    with pytest.raises(FactsContradict) as caught:
        facts_from_proto(message)
    assert [field for field, _ in caught.value.flaws] == ["release_date", "runtime"]
