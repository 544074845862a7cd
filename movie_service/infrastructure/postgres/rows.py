"""A row of `movies` and the Movie that it is."""

from datetime import timedelta
from typing import Any

from movie_service.domain.movie import Facts, Movie

# The order of `to_movie` and `to_row`.
COLUMNS = (
    "id",
    "title",
    "original_title",
    "release_year",
    "release_date",
    "runtime_seconds",
    "original_language",
    "genres",
    "create_time",
    "update_time",
    "delete_time",
    "revision",
)


def to_movie(row: tuple[Any, ...]) -> Movie:
    movie_id, title, original_title, year, day, runtime, language, genres, create_time, update_time, delete_time, revision = row
    return Movie(
        id=movie_id,
        facts=Facts(
            title=title,
            original_title=original_title,
            release_year=year,
            release_date=day,
            runtime=None if runtime is None else timedelta(seconds=runtime),
            original_language=language,
            genres=tuple(genres),
        ),
        create_time=create_time,
        update_time=update_time,
        delete_time=delete_time,
        revision=revision,
    )


def to_row(movie: Movie) -> tuple[Any, ...]:
    facts = movie.facts
    return (
        movie.id,
        facts.title,
        facts.original_title,
        facts.release_year,
        facts.release_date,
        None if facts.runtime is None else int(facts.runtime.total_seconds()),
        facts.original_language,
        list(facts.genres),
        movie.create_time,
        movie.update_time,
        movie.delete_time,
        movie.revision,
    )
