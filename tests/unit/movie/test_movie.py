"""The life of a movie, without anything around it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given

from movie_service.domain.errors import FactsContradict, MovieChangedMeanwhile, MovieIsDeleted, MovieIsNotDeleted
from movie_service.domain.movie import Facts, Movie, movie_id_of
from tests.unit.movie.films import facts, movies

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MOVIE = Movie.created("tt1", Facts(title="Film"), NOW)


@given(movies())
def test_every_change_makes_a_new_etag_and_time_never_runs_backwards(movie: Movie) -> None:
    changed = movie.undeleted(NOW) if movie.is_deleted else movie.deleted(NOW)
    assert changed.etag != movie.etag
    assert changed.update_time >= movie.update_time
    assert changed.is_deleted != movie.is_deleted


@given(facts())
def test_taking_no_field_changes_nothing(other: Facts) -> None:
    assert MOVIE.revised(MOVIE.facts.taking(other, frozenset()), NOW) is MOVIE


def test_only_the_named_fields_are_taken() -> None:
    taken = MOVIE.facts.taking(Facts(title="Other", release_year=1999, original_language="fr"), frozenset({"release_year"}))
    assert taken == Facts(title="Film", release_year=1999)


def test_illegal_changes_are_refused() -> None:
    deleted = MOVIE.deleted(NOW)
    with pytest.raises(MovieIsDeleted):
        deleted.deleted(NOW)
    with pytest.raises(MovieIsDeleted):
        deleted.revised(Facts(title="Other"), NOW)
    with pytest.raises(MovieIsNotDeleted):
        MOVIE.undeleted(NOW)


def test_a_stale_etag_is_refused_and_none_is_not() -> None:
    MOVIE.require_etag("")
    MOVIE.require_etag(MOVIE.etag)
    with pytest.raises(MovieChangedMeanwhile):
        MOVIE.deleted(NOW).require_etag(MOVIE.etag)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (Facts(title=" "), "title"),
        (Facts(title="x", release_date=date(1999, 1, 1)), "release_date"),
        (Facts(title="x", release_year=1998, release_date=date(1999, 1, 1)), "release_date"),
        (Facts(title="x", runtime=timedelta(0)), "runtime"),
        (Facts(title="x", runtime=timedelta(hours=100, seconds=1)), "runtime"),
        (Facts(title="x", runtime=timedelta(seconds=1, microseconds=1)), "runtime"),
    ],
)
def test_facts_that_contradict_are_refused(wrong: Facts, field: str) -> None:
    with pytest.raises(FactsContradict) as caught:
        Movie.created("tt1", wrong, NOW)
    assert [name for name, _ in caught.value.flaws] == [field]
    with pytest.raises(FactsContradict):
        MOVIE.revised(wrong, NOW)


def test_ids_are_taken_from_names_of_movies_and_of_what_belongs_to_them() -> None:
    assert [movie_id_of(name) for name in ("movies/tt1", "movies/tt1/metadata", "movies/tt1/ratingSummary")] == ["tt1"] * 3
