"""What an import may change in documents that are there already: it fills gaps, and takes nothing away."""

from collections.abc import Iterable
from typing import Final

from reelmesh.metadata.v1.metadata_pb2 import MovieMetadata
from reelmesh.movie.v1.movie_pb2 import Movie

KEYWORDS: Final = 500  # the contract's limit for one document


def movie_gaps(existing: Movie | None, incoming: Movie) -> Movie | None:
    """What to send: the whole movie when it is new, else the facts that the existing one lacks, None when it lacks none.

    A deleted movie stays as it is: somebody took it out.
    """
    if existing is None:
        return incoming
    patch = Movie(name=existing.name, title=existing.title)
    if existing.state == Movie.STATE_DELETED:
        return None
    if not existing.release_year and incoming.release_year:
        patch.release_year = incoming.release_year
    if not existing.genres:
        patch.genres.extend(incoming.genres)
    return patch if len(patch.ListFields()) > 2 else None


def metadata_gaps(existing: MovieMetadata | None, incoming: MovieMetadata) -> MovieMetadata | None:
    """As for movies; keywords and external ids are joined, those that are there first."""
    if existing is None:
        return incoming
    patch = MovieMetadata(name=existing.name)
    if not existing.genres:
        patch.genres.extend(incoming.genres)
    keywords = joined(existing.keywords, incoming.keywords)
    if len(keywords) > len(existing.keywords):
        patch.keywords.extend(keywords)
    if incoming.external_ids.keys() - existing.external_ids.keys():
        patch.external_ids.update({**incoming.external_ids, **existing.external_ids})
    return patch if len(patch.ListFields()) > 1 else None


def joined(first: Iterable[str], then: Iterable[str]) -> list[str]:
    return list(dict.fromkeys((*first, *then)))[:KEYWORDS]
