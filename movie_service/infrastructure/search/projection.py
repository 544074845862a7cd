"""Makes search documents of the events of movie, metadata and rating, a whole batch with a handful of statements."""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message

from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction
from movie_service.infrastructure.search.facts import Facts
from movie_service.infrastructure.search.lexemes import Lexemes, vocabulary_of
from reelmesh.metadata.v1.events_pb2 import MovieMetadataChanged
from reelmesh.movie.v1.events_pb2 import MovieCreated, MovieDeleted, MovieUndeleted, MovieUpdated
from reelmesh.movie.v1.movie_pb2 import Movie
from reelmesh.rating.v1.events_pb2 import RatingSummaryChanged
from reelmesh.rating.v1.rating_pb2 import RatingSummary

MOVIE_EVENTS = (MovieCreated, MovieUpdated, MovieDeleted, MovieUndeleted)
EVENTS: tuple[type[Message], ...] = (*MOVIE_EVENTS, MovieMetadataChanged, RatingSummaryChanged)

_RATE_SOURCES = text_statement("""
    INSERT INTO search_sources AS kept (movie, is_active, facts, rating_count, rating_mean, bayesian_mean)
    SELECT movie, false, '{}', rating_count, rating_mean, bayesian_mean
    FROM unnest(%(movies)s::text[], %(counts)s::int[], %(means)s::float8[], %(bayesian)s::float8[])
        AS told (movie, rating_count, rating_mean, bayesian_mean)
    ON CONFLICT (movie) DO UPDATE SET
        rating_count = excluded.rating_count, rating_mean = excluded.rating_mean, bayesian_mean = excluded.bayesian_mean
""")
_RATE_DOCUMENTS = text_statement("""
    UPDATE search_documents AS document SET rating_mean = told.rating_mean, popularity = told.popularity
    FROM unnest(%(movies)s::text[], %(means)s::float8[], %(popularities)s::int[]) AS told (movie, rating_mean, popularity)
    WHERE document.movie = told.movie AND (document.rating_mean, document.popularity) IS DISTINCT FROM (told.rating_mean, told.popularity)
""")
_SOURCES = text_statement("SELECT movie, message, is_active, facts FROM search_sources WHERE movie = ANY(%(movies)s)")
_KEEP_SOURCES = text_statement("""
    INSERT INTO search_sources AS kept (movie, message, is_active, facts, rating_count, rating_mean, bayesian_mean)
    SELECT movie, message, is_active, facts::jsonb, 0, 0, 0
    FROM unnest(%(movies)s::text[], %(messages)s::bytea[], %(actives)s::bool[], %(facts)s::text[])
        AS told (movie, message, is_active, facts)
    ON CONFLICT (movie) DO UPDATE SET message = excluded.message, is_active = excluded.is_active, facts = excluded.facts
    RETURNING movie, rating_count, rating_mean, bayesian_mean
""")
_LEXEMES = text_statement("SELECT tsvector_to_array(lexemes) FROM search_documents WHERE movie = ANY(%(movies)s)")
_REMOVE = text_statement("DELETE FROM search_documents WHERE movie = ANY(%(movies)s)")
_WRITE = text_statement("""
    INSERT INTO search_documents (movie, lexemes, genres, language, release_year, rating_mean, popularity)
    SELECT movie, lexemes::tsvector, string_to_array(genres, ' '), language, release_year, rating_mean, popularity
    FROM unnest(%(movies)s::text[], %(lexemes)s::text[], %(genres)s::text[], %(languages)s::text[], %(years)s::int[],
                %(means)s::float8[], %(popularities)s::int[])
        AS told (movie, lexemes, genres, language, release_year, rating_mean, popularity)
    ON CONFLICT (movie) DO UPDATE SET lexemes = excluded.lexemes, genres = excluded.genres, language = excluded.language,
        release_year = excluded.release_year, rating_mean = excluded.rating_mean, popularity = excluded.popularity
""")
_COUNT_WORDS = text_statement("""
    INSERT INTO search_words AS counted (word, movies, letters)
    SELECT word, more, letters FROM unnest(%(words)s::text[], %(more)s::int[], %(letters)s::text[]) AS told (word, more, letters)
    ON CONFLICT (word) DO UPDATE SET movies = counted.movies + excluded.movies
""")
_FORGET_WORDS = text_statement("DELETE FROM search_words WHERE word = ANY(%(words)s) AND movies <= 0")


@dataclass(slots=True)
class _Told:
    """The last word of a batch on each movie."""

    movies: dict[str, Movie] = field(default_factory=dict)
    facts: dict[str, Facts] = field(default_factory=dict)
    ratings: dict[str, RatingSummary] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Source:
    message: bytes | None
    is_active: bool
    facts: Facts


async def project(transaction: Transaction, events: Sequence[Message]) -> None:
    """Brings the index up to these events, given in the order in which they came.

    One process does this at a time (the consumer's lock), so what is read here stays true until it is written.
    """
    told = _Told()
    for event in events:
        if isinstance(event, RatingSummaryChanged):
            told.ratings[_movie_of(event.summary.name)] = event.summary
        elif isinstance(event, MovieMetadataChanged):
            told.facts[_movie_of(event.metadata.name)] = Facts.of_metadata(event.metadata)
        elif isinstance(event, MOVIE_EVENTS):
            told.movies[event.movie.name] = event.movie
    if told.ratings:
        await _rate(transaction, told.ratings)
    if told.movies or told.facts:
        await _write(transaction, told)


def popularity(count: int, bayesian_mean: float) -> int:
    """Steps of a tenth in the number of ratings, within them of a twentieth in the mean.

    Coarse on purpose: the value is in an index, and most single ratings should leave it as it is.
    """
    return round(10 * math.log(1 + count)) * 1_000 + round(20 * bayesian_mean) if count else 0


async def _rate(transaction: Transaction, ratings: Mapping[str, RatingSummary]) -> None:
    movies = sorted(ratings)
    summaries = [ratings[movie] for movie in movies]
    await transaction.execute(
        _RATE_SOURCES,
        movies=movies,
        counts=[summary.count for summary in summaries],
        means=[summary.mean for summary in summaries],
        bayesian=[summary.bayesian_mean for summary in summaries],
    )
    await transaction.execute(
        _RATE_DOCUMENTS,
        movies=movies,
        means=[summary.mean if summary.count else None for summary in summaries],
        popularities=[popularity(summary.count, summary.bayesian_mean) for summary in summaries],
    )


async def _write(transaction: Transaction, told: _Told) -> None:
    movies = sorted(told.movies.keys() | told.facts.keys())
    sources = await _merged(transaction, movies, told)
    kept = await transaction.fetch_all(
        _KEEP_SOURCES,
        movies=movies,
        messages=[sources[movie].message for movie in movies],
        actives=[sources[movie].is_active for movie in movies],
        facts=[json.dumps(sources[movie].facts.as_json()) for movie in movies],
    )
    words: Counter[str] = Counter()
    for (before,) in await transaction.fetch_all(_LEXEMES, movies=movies):
        words.subtract(vocabulary_of(before))
    await transaction.execute(_REMOVE, movies=[movie for movie in movies if not sources[movie].is_active])
    ratings = {row[0]: row[1:] for row in kept}
    rows = []
    for movie in movies:
        if sources[movie].is_active:
            row, vocabulary = _document(movie, sources[movie], *ratings[movie])
            rows.append(row)
            words.update(vocabulary)
    if rows:
        columns = ("movies", "lexemes", "genres", "languages", "years", "means", "popularities")
        await transaction.execute(_WRITE, **dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True)))
    await _count(transaction, words)


async def _merged(transaction: Transaction, movies: Sequence[str], told: _Told) -> dict[str, _Source]:
    known = {
        movie: _Source(message, is_active, Facts.of_json(facts))
        for movie, message, is_active, facts in await transaction.fetch_all(_SOURCES, movies=movies)
    }
    sources = {}
    for movie in movies:
        source = known.get(movie, _Source(None, False, Facts()))
        message, is_active = source.message, source.is_active
        if (new := told.movies.get(movie)) is not None:
            message, is_active = new.SerializeToString(), new.state != Movie.STATE_DELETED
        sources[movie] = _Source(message, is_active, told.facts.get(movie, source.facts))
    return sources


def _document(movie: str, source: _Source, count: int, mean: float, bayesian_mean: float) -> tuple[tuple[Any, ...], set[str]]:
    """The row of a movie, and its words."""
    shown, facts = Movie.FromString(source.message or b""), source.facts
    genres = tuple(dict.fromkeys((*shown.genres, *facts.genres)))
    language = (shown.original_language or facts.language).lower()
    lexemes = Lexemes()
    lexemes.add_title(shown.title, "A")
    lexemes.add_title(shown.original_title, "A")
    for title in facts.titles:
        lexemes.add_title(title, "B")
    for person in facts.people:
        lexemes.add_words(person, "C")
    for text in (*genres, *facts.keywords, str(shown.release_year or "")):
        lexemes.add_words(text, "D")
    lexemes.add_facets(genres, language)
    rating = mean if count else None
    row = (movie, lexemes.as_tsvector(), " ".join(genres), language, shown.release_year, rating, popularity(count, bayesian_mean))
    return row, lexemes.vocabulary


async def _count(transaction: Transaction, words: Counter[str]) -> None:
    """Adds to the numbers of movies by word; in the order of the words, as everything that locks several rows."""
    changed = sorted(word for word, more in words.items() if more)
    if not changed:
        return
    await transaction.execute(
        _COUNT_WORDS, words=changed, more=[words[word] for word in changed], letters=["".join(sorted(word)) for word in changed]
    )
    await transaction.execute(_FORGET_WORDS, words=[word for word in changed if words[word] < 0])


def _movie_of(name: str) -> str:
    """`movies/{movie}/metadata` → `movies/{movie}`."""
    return name.rpartition("/")[0]
