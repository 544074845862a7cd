"""Documents inside a transaction, and what follows from them: people, credits, genre counts."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from mesh.postgres.statements import Statement, text_statement
from mesh.postgres.transaction import Transaction
from metadata_service.application.ports import Change
from metadata_service.domain.documents import EMPTY, MovieMetadata
from metadata_service.domain.people import Credit, credits_of
from metadata_service.infrastructure.postgres.rows import to_document, to_row

# A row that is not there cannot be locked: whoever may begin documents holds this lock, so that nobody else begins the same ones.
# It is taken before any row is locked. Imports therefore run one after the other; their last part, the genre counts, has to anyway.
_LOCK_BEGINNING = text_statement("SELECT pg_advisory_xact_lock(hashtextextended('metadata documents are begun', 0))")
# Every statement that locks several rows does so in the order of their keys, and always movies, people, genres in this order.
_LOCK = text_statement("""
    SELECT movie, revision, card, details, localizations, create_time, update_time
    FROM movie_metadata WHERE movie = ANY (%(movies)s) ORDER BY movie FOR UPDATE
""")
_NEW = """
    unnest(%(movies)s::text[], %(revisions)s::bigint[], %(cards)s::text[], %(details)s::text[], %(localizations)s::text[],
        %(create_times)s::timestamptz[], %(update_times)s::timestamptz[])
        AS new (movie, revision, card, details, localizations, create_time, update_time)
"""
_INSERT = text_statement(f"""
    INSERT INTO movie_metadata (movie, revision, card, details, localizations, create_time, update_time)
    SELECT movie, revision, card::jsonb, details::jsonb, localizations::jsonb, create_time, update_time FROM {_NEW} ORDER BY movie
""")  # noqa: S608  # a constant of ours
_UPDATE = text_statement(f"""
    UPDATE movie_metadata AS old SET revision = new.revision, card = new.card::jsonb, details = new.details::jsonb,
        localizations = new.localizations::jsonb, update_time = new.update_time
    FROM {_NEW} WHERE old.movie = new.movie
""")  # noqa: S608  # a constant of ours
_NAME_PEOPLE = text_statement("""
    INSERT INTO people (person, display_name)
    SELECT person, display_name FROM unnest(%(people)s::text[], %(names)s::text[]) AS new (person, display_name) ORDER BY person
    ON CONFLICT (person) DO UPDATE SET display_name = excluded.display_name WHERE people.display_name <> excluded.display_name
""")
_GIVE_CREDITS = text_statement("""
    INSERT INTO credits (person, movie, characters, jobs)
    SELECT person, movie, characters, jobs
    FROM jsonb_to_recordset(%(credits)s::jsonb) AS new (person text, movie text, characters text[], jobs text[]) ORDER BY person, movie
    ON CONFLICT (person, movie) DO UPDATE SET characters = excluded.characters, jobs = excluded.jobs
""")
_TAKE_CREDITS = text_statement("""
    DELETE FROM credits USING unnest(%(people)s::text[], %(movies)s::text[]) AS old (person, movie)
    WHERE credits.person = old.person AND credits.movie = old.movie
""")
_BEGIN_GENRES = text_statement("""
    INSERT INTO genres (genre, movie_count) SELECT genre, 0 FROM unnest(%(genres)s::text[]) AS new (genre) ORDER BY genre
    ON CONFLICT DO NOTHING
""")
_LOCK_GENRES = text_statement("SELECT FROM genres WHERE genre = ANY (%(genres)s) ORDER BY genre FOR UPDATE")
_COUNT_GENRES = text_statement("""
    UPDATE genres SET movie_count = movie_count + difference
    FROM unnest(%(genres)s::text[], %(differences)s::integer[]) AS new (genre, difference) WHERE genres.genre = new.genre
""")


# Documents whose rows are made at one go; other calls are served between the slices.
_SLICE = 100


class PostgresDocuments:
    """`application.ports.Documents` over one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def lock(self, movies: Sequence[str]) -> Mapping[str, MovieMetadata]:
        found = await self._lock_existing(movies) if len(movies) == 1 else {}
        if not found:
            await self._transaction.execute(_LOCK_BEGINNING)
            found = await self._lock_existing(movies)
        return found

    async def _lock_existing(self, movies: Sequence[str]) -> Mapping[str, MovieMetadata]:
        rows = await self._transaction.fetch_all(_LOCK, movies=list(movies))
        return {
            movie: MovieMetadata(movie, to_document(card, details, texts), revision, create_time, update_time)
            for movie, revision, card, details, texts, create_time, update_time in rows
        }

    async def store(self, changes: Sequence[Change]) -> None:
        in_order = sorted(changes, key=lambda change: change.after.movie)
        await self._write([change.after for change in in_order if change.before is None], new=True)
        await self._write([change.after for change in in_order if change.before is not None], new=False)
        await self._credit(changes)
        await self._count(changes)

    async def _write(self, documents: Sequence[MovieMetadata], *, new: bool) -> None:
        for start in range(0, len(documents), _SLICE):
            await self._write_slice(documents[start : start + _SLICE], _INSERT if new else _UPDATE)

    async def _write_slice(self, documents: Sequence[MovieMetadata], statement: Statement) -> None:
        rows = [to_row(each.document) for each in documents]
        await self._transaction.execute(
            statement,
            movies=[each.movie for each in documents],
            revisions=[each.revision for each in documents],
            cards=[row.card for row in rows],
            details=[row.details for row in rows],
            localizations=[row.localizations for row in rows],
            create_times=[each.create_time for each in documents],
            update_times=[each.update_time for each in documents],
        )

    async def _credit(self, changes: Sequence[Change]) -> None:
        names: dict[str, str] = {}
        given: list[tuple[str, Credit]] = []
        taken: list[tuple[str, str]] = []
        for change in changes:
            before = credits_of(change.before.document) if change.before else {}
            after = credits_of(change.after.document)
            movie = change.after.movie
            taken += [(person, movie) for person in before if person not in after]
            for person, credit in after.items():
                if before.get(person) != credit:
                    names[person] = credit.display_name
                    given.append((movie, credit))
        if taken:
            await self._transaction.execute(_TAKE_CREDITS, people=[person for person, _ in taken], movies=[movie for _, movie in taken])
        if given:
            await self._transaction.execute(_NAME_PEOPLE, people=list(names), names=list(names.values()))
            rows = [{"person": c.person, "movie": movie, "characters": c.characters, "jobs": c.jobs} for movie, c in given]
            await self._transaction.execute(_GIVE_CREDITS, credits=json.dumps(rows, ensure_ascii=False))

    async def _count(self, changes: Sequence[Change]) -> None:
        differences: Counter[str] = Counter()
        for change in changes:
            differences.update(change.after.document.genres)
            differences.subtract((change.before.document if change.before else EMPTY).genres)
        changed = {genre: difference for genre, difference in differences.items() if difference}
        if not changed:
            return
        # Last of all, since every change of a movie with this genre waits from here to the commit.
        genres = list(changed)
        await self._transaction.execute(_BEGIN_GENRES, genres=genres)
        await self._transaction.execute(_LOCK_GENRES, genres=genres)
        await self._transaction.execute(_COUNT_GENRES, genres=genres, differences=list(changed.values()))
