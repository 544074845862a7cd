"""Events that tell of the demo catalogue, and of films that a test makes up."""

import random
from collections.abc import Iterator, Sequence

from google.protobuf.message import Message

from reelmesh.metadata.v1.events_pb2 import MovieMetadataChanged
from reelmesh.movie.v1.events_pb2 import MovieCreated, MovieUpdated
from reelmesh.movie.v1.movie_pb2 import Movie
from reelmesh.rating.v1.events_pb2 import RatingSummaryChanged
from stack.demo.catalogue import Film, load

TOY_STORY = "movies/tt0114709"
TOY_STORY_2 = "movies/tt0120363"


def events() -> Iterator[Message]:
    """All of the catalogue, and better known than any of it Toy Story 2: what comes before that does so by its title."""
    chance = random.Random(7)
    for film in load():
        name = f"movies/{film.id}"
        yield created(name, film.title, film.year, film.original_title, film.original_language, film.genres)
        yield _told(name, film)
        yield rated(name, chance.randint(0, 500), chance.randint(20, 50) / 10)
    yield created(TOY_STORY_2, "Toy Story 2", 1999, genres=("animation", "comedy"))
    yield rated(TOY_STORY_2, 5_000, 4.0)


def created(
    name: str, title: str, year: int = 2000, original_title: str = "", language: str = "en", genres: Sequence[str] = ()
) -> MovieCreated:
    return MovieCreated(movie=_movie(name, title, year, original_title, language, genres))


def updated(name: str, title: str) -> MovieUpdated:
    return MovieUpdated(movie=_movie(name, title, 2000, "", "en", ()))


def rated(name: str, count: int, mean: float) -> RatingSummaryChanged:
    changed = RatingSummaryChanged()
    changed.summary.name = f"{name}/ratingSummary"
    changed.summary.count, changed.summary.mean, changed.summary.bayesian_mean = count, mean if count else 0, mean
    return changed


def told(name: str, *, titles: Sequence[str] = (), people: Sequence[str] = (), keywords: Sequence[str] = ()) -> MovieMetadataChanged:
    changed = MovieMetadataChanged()
    changed.metadata.name = f"{name}/metadata"
    changed.metadata.keywords.extend(keywords)
    for number, title in enumerate(titles):
        changed.metadata.localizations.add(language_code=f"x{chr(97 + number)}", title=title)
    for person in people:
        changed.metadata.cast.add(person="people/p", display_name=person)
    return changed


def _movie(name: str, title: str, year: int, original_title: str, language: str, genres: Sequence[str]) -> Movie:
    return Movie(
        name=name,
        title=title,
        release_year=year,
        original_title=original_title,
        original_language=language,
        genres=genres,
        state=Movie.STATE_ACTIVE,
        etag="r1",
    )


def _told(name: str, film: Film) -> MovieMetadataChanged:
    people = [role.person.name for role in film.cast] + [person.name for person in film.directors]
    return told(name, titles=[text.title for text in film.localizations], people=people, keywords=film.keywords)
