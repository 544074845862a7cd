"""Reads of documents, genres and people."""

from collections.abc import Sequence
from enum import Enum

from metadata_service.application.ports import Reader
from metadata_service.domain.documents import LocalizedMetadata
from metadata_service.domain.errors import MetadataNotFound, PersonNotFound
from metadata_service.domain.people import Person, PersonMovie


class View(Enum):
    """How much of a document is read."""

    CARD = "card"
    WHOLE = "whole"


async def get_metadata(reader: Reader, movie: str, languages: Sequence[str], view: View) -> LocalizedMetadata:
    """MetadataNotFound when nothing is told about the movie."""
    found, _ = await batch_get_metadata(reader, [movie], languages, view)
    if not found:
        raise MetadataNotFound(movie)
    return found[0]


async def batch_get_metadata(
    reader: Reader, movies: Sequence[str], languages: Sequence[str], view: View
) -> tuple[list[LocalizedMetadata], list[str]]:
    """The documents in the order of `movies`, and the movies that have none."""
    read = reader.cards if view is View.CARD else reader.whole
    found = await read(movies, languages)
    return [found[movie] for movie in movies if movie in found], [movie for movie in movies if movie not in found]


async def get_person(reader: Reader, person: str) -> Person:
    """PersonNotFound when no document names the person."""
    found = await reader.person(person)
    if found is None:
        raise PersonNotFound(person)
    return found


async def list_person_movies(reader: Reader, person: str, after: str, limit: int, languages: Sequence[str]) -> Sequence[PersonMovie]:
    """A page of at most `limit`; PersonNotFound when no document names the person."""
    movies = await reader.movies_of(person, after, limit, languages)
    if not movies:
        await get_person(reader, person)
    return movies
