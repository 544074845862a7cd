"""Reads outside transactions, each one statement."""

from collections.abc import Mapping, Sequence

from mesh.postgres.database import Database
from mesh.postgres.statements import text_statement
from metadata_service.domain.documents import LocalizedMetadata, MovieMetadata
from metadata_service.domain.genres import Genre
from metadata_service.domain.languages import primary_languages, resolve, shown
from metadata_service.domain.people import Person, PersonMovie
from metadata_service.infrastructure.postgres.rows import NO_DETAILS, to_document, to_text, to_texts

# Of all texts only those that may be shown; without a language none are even looked at. "C": a Turkish lower case has no dot.
_TEXTS = """
    CASE WHEN cardinality(%(languages)s::text[]) > 0 THEN (
        SELECT jsonb_agg(told ORDER BY position) FROM jsonb_array_elements(localizations) WITH ORDINALITY AS texts (told, position)
        WHERE lower(split_part(told ->> 'language_code', '-', 1) COLLATE "C") = ANY (%(languages)s::text[])
    ) END
"""
_COLUMNS = "movie, revision, create_time, update_time, card, details, localizations"
_WHOLE = text_statement(f"SELECT {_COLUMNS} FROM movie_metadata WHERE movie = ANY (%(movies)s)")  # noqa: S608  # constants of ours
# A movie's page asks for one: without an array to write and to read it takes a quarter less.
_ONE_WHOLE = text_statement(f"SELECT {_COLUMNS} FROM movie_metadata WHERE movie = %(movie)s")  # noqa: S608  # constants of ours
_CARDS = text_statement(f"""
    SELECT movie, revision, create_time, update_time, card, {_TEXTS}
    FROM movie_metadata WHERE movie = ANY (%(movies)s)
""")  # noqa: S608  # a constant of ours
_GENRES = text_statement("""
    SELECT genre, movie_count FROM genres WHERE genre > %(after)s AND movie_count > 0 ORDER BY genre LIMIT %(limit)s
""")
_PERSON = text_statement("""
    SELECT display_name, (SELECT count(*) FROM credits WHERE credits.person = people.person) FROM people WHERE person = %(person)s
""")
_MOVIES_OF = text_statement(f"""
    SELECT movie, characters, jobs, card -> 'untold', {_TEXTS}
    FROM credits JOIN movie_metadata USING (movie)
    WHERE person = %(person)s AND movie > %(after)s ORDER BY movie LIMIT %(limit)s
""")  # noqa: S608  # a constant of ours


class PostgresReader:
    """`application.ports.Reader` over the pool."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def whole(self, movies: Sequence[str], languages: Sequence[str]) -> Mapping[str, LocalizedMetadata]:
        found = {}
        if len(movies) == 1:
            rows = await self._database.fetch_all(_ONE_WHOLE, movie=movies[0])
        else:
            rows = await self._database.fetch_all(_WHOLE, movies=list(movies))
        for movie, revision, create_time, update_time, card, details, localizations in rows:
            document = to_document(card, details, localizations)
            text = resolve(languages, document.original_language, document.localizations)
            found[movie] = LocalizedMetadata(MovieMetadata(movie, document, revision, create_time, update_time), text)
        return found

    async def cards(self, movies: Sequence[str], languages: Sequence[str]) -> Mapping[str, LocalizedMetadata]:
        found = {}
        rows = await self._database.fetch_all(_CARDS, movies=list(movies), languages=primary_languages(languages))
        for movie, revision, create_time, update_time, card, texts in rows:
            untold = to_text(card["untold"]) if card["untold"] else None
            metadata = MovieMetadata(movie, to_document(card, NO_DETAILS, ()), revision, create_time, update_time)
            found[movie] = LocalizedMetadata(metadata, shown(languages, to_texts(texts), untold))
        return found

    async def genres(self, after: str, limit: int) -> Sequence[Genre]:
        return [Genre(genre, count) for genre, count in await self._database.fetch_all(_GENRES, after=after, limit=limit)]

    async def person(self, person: str) -> Person | None:
        row = await self._database.fetch_one(_PERSON, person=person)
        # Somebody whose last credit was taken out is kept for the case that another document names the person, but is not shown.
        return Person(person, row[0], row[1]) if row and row[1] else None

    async def movies_of(self, person: str, after: str, limit: int, languages: Sequence[str]) -> Sequence[PersonMovie]:
        asked = primary_languages(languages)
        rows = await self._database.fetch_all(_MOVIES_OF, person=person, after=after, limit=limit, languages=asked)
        return [
            PersonMovie(movie, shown(languages, to_texts(texts), to_text(untold) if untold else None), tuple(characters), tuple(jobs))
            for movie, characters, jobs, untold, texts in rows
        ]
