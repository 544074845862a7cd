"""The catalogue as this context keeps it: what the events of movie and metadata tell, inside a transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.types.json import Jsonb

from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction
from recommender_service.infrastructure.postgres.interactions import LOCK, TELL

# The two contexts write different columns, so it does not matter which of them is heard first. Genres are lists: they come as JSON,
# because arrays of one parameter cannot differ in length.
_PUT_MOVIES = text_statement("""
    INSERT INTO movies AS m (movie_id, active, genres, release_year, original_language)
    SELECT movie_id, active, ARRAY(SELECT jsonb_array_elements_text(genres)), release_year, original_language
    FROM unnest(%(movies)s::text[], %(active)s::boolean[], %(genres)s::jsonb[], %(years)s::int[], %(languages)s::text[])
        AS given (movie_id, active, genres, release_year, original_language)
    ON CONFLICT (movie_id) DO UPDATE SET
        active = excluded.active, genres = excluded.genres, release_year = excluded.release_year,
        original_language = excluded.original_language, change_no = nextval('movie_changes')
""")
_PUT_DOCUMENTS = text_statement("""
    INSERT INTO movies AS m (movie_id, active, told_genres, countries)
    SELECT movie_id, false, ARRAY(SELECT jsonb_array_elements_text(genres)), ARRAY(SELECT jsonb_array_elements_text(countries))
    FROM unnest(%(movies)s::text[], %(genres)s::jsonb[], %(countries)s::jsonb[]) AS given (movie_id, genres, countries)
    ON CONFLICT (movie_id) DO UPDATE SET
        told_genres = excluded.told_genres, countries = excluded.countries, change_no = nextval('movie_changes')
""")


@dataclass(frozen=True, slots=True)
class CatalogueMovie:
    """What the movie context tells of a movie."""

    movie_id: str
    active: bool
    genres: Sequence[str]
    year: int
    language: str


@dataclass(frozen=True, slots=True)
class MovieDocument:
    """What the metadata context tells besides."""

    movie_id: str
    genres: Sequence[str]
    countries: Sequence[str]


class PostgresMovies:
    """Of several entries for a movie the last one counts."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def put_movies(self, given: Sequence[CatalogueMovie]) -> None:
        movies = list({each.movie_id: each for each in given}.values())
        await self._transaction.fetch_one(LOCK)
        await self._transaction.execute(
            _PUT_MOVIES,
            movies=[each.movie_id for each in movies],
            active=[each.active for each in movies],
            genres=[Jsonb(list(each.genres)) for each in movies],
            years=[each.year for each in movies],
            languages=[each.language for each in movies],
        )
        await self._transaction.fetch_one(TELL)

    async def put_documents(self, given: Sequence[MovieDocument]) -> None:
        documents = list({each.movie_id: each for each in given}.values())
        await self._transaction.fetch_one(LOCK)
        await self._transaction.execute(
            _PUT_DOCUMENTS,
            movies=[each.movie_id for each in documents],
            genres=[Jsonb(list(each.genres)) for each in documents],
            countries=[Jsonb(list(each.countries)) for each in documents],
        )
        await self._transaction.fetch_one(TELL)
