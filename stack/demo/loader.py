"""Brings the demo catalogue and its made-up ratings into a running platform, through the same RPCs as any import."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from reelmesh.metadata.v1.metadata_pb2 import CastMember, CrewMember, LocalizedText, MovieMetadata
from reelmesh.metadata.v1.metadata_service_pb2 import (
    BatchGetMovieMetadataRequest,
    BatchGetMovieMetadataResponse,
    ImportMovieMetadataRequest,
    ImportMovieMetadataResponse,
)
from reelmesh.movie.v1.movie_pb2 import Movie
from reelmesh.movie.v1.movie_service_pb2 import ImportMoviesRequest, ImportMoviesResponse
from reelmesh.rating.v1.rating_pb2 import ImportedRating
from reelmesh.rating.v1.rating_service_pb2 import ImportRatingsRequest, ImportRatingsResponse, PurgeRatingsRequest, PurgeRatingsResponse
from stack.demo.catalogue import Film, load
from stack.demo.ratings import DemoRating, generate
from stack.errors import StackError
from stack.importer.merging import joined
from stack.importer.streams import Platform, in_messages

SOURCE: Final = "demo"
_REAL: Final = "movielens"
_RATINGS_PER_STREAM: Final = 2_000
_ENGLISH: Final = "en"


async def load_demo(edge_grpc_address: str, token: str, progress: Callable[[str, int, int], None]) -> None:
    """Loading again changes nothing. Films take the catalogue's facts; what a document has besides is kept.

    Where real ratings have been imported, made-up ones are not added to them.
    """
    films = load()
    async with Platform(edge_grpc_address, lambda: token, patience=30.0) as platform:
        progress("films", 0, len(films))
        movies = in_messages(films, lambda batch: ImportMoviesRequest(movies=map(movie, batch)))
        _accepted(await platform.send(platform.movies.ImportMovies, movies, ImportMoviesResponse))
        progress("films", len(films), len(films))
        progress("metadata", 0, len(films))
        _accepted(await platform.send(platform.metadata.ImportMovieMetadata, _documents(platform, films), ImportMovieMetadataResponse))
        progress("metadata", len(films), len(films))
        await _load_ratings(platform, list(generate(films)), progress)


def movie(film: Film) -> Movie:
    message = Movie(
        name=f"movies/{film.id}",
        title=film.title,
        original_title=film.original_title if film.original_title != film.title else "",
        release_year=film.year,
        original_language=film.original_language,
        genres=film.genres,
    )
    message.runtime.seconds = film.runtime_minutes * 60
    return message


def metadata(film: Film) -> MovieMetadata:
    document = MovieMetadata(
        name=f"movies/{film.id}/metadata",
        original_language=film.original_language,
        genres=film.genres,
        keywords=film.keywords,
        cast=[CastMember(person=f"people/{role.person.id}", display_name=role.person.name, character=role.character) for role in film.cast],
        crew=[
            *(_crew(person.id, person.name, "Directing", "Director") for person in film.directors),
            *(_crew(person.id, person.name, "Writing", "Screenplay") for person in film.writers),
        ],
        countries=film.countries,
        spoken_languages=film.spoken_languages,
        external_ids={"imdb": film.id},
        localizations=_texts(film),
    )
    document.runtime.seconds = film.runtime_minutes * 60
    return document


def _texts(film: Film) -> list[LocalizedText]:
    """The English text, the original title in its own language, and the translations; one text per language."""
    texts = {_ENGLISH: LocalizedText(language_code=_ENGLISH, title=film.title, overview=film.overview, tagline=film.tagline)}
    for each in film.localizations:
        texts[each.language] = LocalizedText(language_code=each.language, title=each.title, overview=each.overview)
    if film.original_language not in texts:
        texts[film.original_language] = LocalizedText(language_code=film.original_language, title=film.original_title)
    return list(texts.values())


def _crew(person: str, name: str, department: str, job: str) -> CrewMember:
    return CrewMember(person=f"people/{person}", display_name=name, department=department, job=job)


async def _documents(platform: Platform, films: Sequence[Film]) -> AsyncIterator[ImportMovieMetadataRequest]:
    """Keywords and external ids that an import has added stay: a populated field would replace them."""
    async for request in in_messages(films, lambda batch: ImportMovieMetadataRequest(metadata=map(metadata, batch))):
        wanted = BatchGetMovieMetadataRequest(names=[document.name for document in request.metadata])
        answer = await platform.ask(platform.metadata.BatchGetMovieMetadata, wanted, BatchGetMovieMetadataResponse)
        existing = {document.name: document for document in answer.metadata}
        for document in request.metadata:
            if (before := existing.get(document.name)) is not None:
                keywords = joined(before.keywords, document.keywords)
                del document.keywords[:]
                document.keywords.extend(keywords)
                document.external_ids.update({**before.external_ids, **document.external_ids})
        yield request


async def _load_ratings(platform: Platform, ratings: Sequence[DemoRating], progress: Callable[[str, int, int], None]) -> None:
    rest: Iterator[DemoRating] = iter(ratings)
    done = 0
    progress("ratings", 0, len(ratings))
    while part := list(islice(rest, _RATINGS_PER_STREAM)):
        count = PurgeRatingsRequest(source=_REAL)  # without force it only counts
        if (await platform.ask(platform.ratings.PurgeRatings, count, PurgeRatingsResponse)).purge_count:
            break
        messages = in_messages(part, lambda batch: ImportRatingsRequest(ratings=map(_rating, batch), source=SOURCE))
        _accepted(await platform.send(platform.ratings.ImportRatings, messages, ImportRatingsResponse))
        done += len(part)
        progress("ratings", done, len(ratings))


def _rating(rating: DemoRating) -> ImportedRating:
    message = ImportedRating(name=f"movies/{rating.movie_id}/ratings/{rating.user}", score=rating.score)
    message.rate_time.FromDatetime(rating.rated_at)
    return message


def _accepted(answer: Any) -> None:
    """Our own data: whatever is refused is our mistake, except a film that somebody has deleted."""
    refused = [each for each in answer.rejected if each.reason != "MOVIE_DELETED"]
    if refused:
        raise StackError(f"the platform refused {len(refused)} rows of the demo, first {refused[0].name}: {refused[0].message}")
