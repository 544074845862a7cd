"""Imports against a store in memory: lost races, and what is told."""

from datetime import UTC, datetime

from movie_service.application.imports import BatchResult, ImportedMovie, Outcome, import_movies
from movie_service.domain.events import MovieCreated, MovieUpdated
from movie_service.domain.movie import Facts, Movie
from tests.unit.movie.films import MemoryUnitOfWork

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def item(index: int, movie_id: str, title: str) -> ImportedMovie:
    return ImportedMovie(index, movie_id, Facts(title=title), frozenset({"title"}))


def counts(result: BatchResult) -> list[int]:
    return [result.count(outcome) for outcome in Outcome]


async def test_movies_that_somebody_else_created_meanwhile_are_changed_instead() -> None:
    uow = MemoryUnitOfWork()
    uow.movies.overtaken = {
        "same": Movie.created("same", Facts(title="Same"), NOW),
        "other": Movie.created("other", Facts(title="Theirs", release_year=1999), NOW),
        "gone": Movie.created("gone", Facts(title="Gone"), NOW).deleted(NOW),
    }
    batch = [item(0, "same", "Same"), item(1, "other", "Ours"), item(2, "gone", "Gone"), item(3, "new", "New")]
    result = await import_movies(uow, batch, NOW)
    assert counts(result) == [1, 1, 1]
    assert [each.id for each, _ in result.rejected] == ["gone"]
    assert uow.movies.stored["other"].facts == Facts(title="Ours", release_year=1999)
    assert uow.events == [MovieCreated(uow.movies.stored["new"]), MovieUpdated(uow.movies.stored["other"])]


async def test_one_event_tells_of_a_movie_however_often_the_batch_names_it() -> None:
    uow = MemoryUnitOfWork()
    uow.movies.stored["old"] = Movie.created("old", Facts(title="Old"), NOW)
    batch = [item(0, "old", "A"), item(1, "new", "B"), item(2, "old", "C"), item(3, "new", "B")]
    assert counts(await import_movies(uow, batch, NOW)) == [1, 2, 1]
    assert uow.events == [MovieCreated(uow.movies.stored["new"]), MovieUpdated(uow.movies.stored["old"])]
    assert uow.movies.stored["old"].facts.title == "C"
