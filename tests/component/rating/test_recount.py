"""R11: whatever happens to ratings, and however much of it at once, a summary is a recount."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesh.errors import Unavailable
from mesh.postgres.database import Database
from mesh.postgres.faults import TRANSACTION_CONFLICTS
from mesh.postgres.migrations import migrate
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction
from rating_service.__main__ import MIGRATIONS
from rating_service.application import rating_commands as commands
from rating_service.domain.errors import RatingNotFound
from rating_service.domain.ratings import ImportedRating, RatingSummary, ScoreChange
from rating_service.infrastructure.events.encode import encode
from rating_service.infrastructure.postgres import ratings as stored_ratings
from rating_service.infrastructure.postgres.summaries import SCORE_COLUMNS, PostgresSummaries, differences_of, summary_of
from rating_service.infrastructure.postgres.unit_of_work import RatingUnitOfWork
from tests.component.rating.recount import wrong_summaries

MOVIES = 20
LOST = (*TRANSACTION_CONFLICTS, Unavailable)  # a deadlock, or a wait that outlasted the statement timeout
_READ = text_statement(f"SELECT movie_id, {', '.join(SCORE_COLUMNS)}, update_time FROM rating_summaries WHERE movie_id = %(movie)s")
_WRITE = text_statement(f"""
    INSERT INTO rating_summaries (movie_id, update_time, {", ".join(SCORE_COLUMNS)})
    VALUES (%(movie)s, now(), {", ".join(f"%({column})s" for column in SCORE_COLUMNS)})
    ON CONFLICT (movie_id) DO UPDATE SET {", ".join(f"{column} = excluded.{column}" for column in SCORE_COLUMNS)}
""")


class NaiveSummaries(PostgresSummaries):
    """Reads the summary, counts the change in, writes it back: what the guard is there to prevent."""

    async def apply(self, changes: Sequence[ScoreChange]) -> list[RatingSummary]:
        for movie, differences in differences_of(changes).items():
            row = await self._transaction.fetch_one(_READ, movie=movie)
            before = summary_of(row).histogram if row else (0,) * len(SCORE_COLUMNS)
            after = [max(0, count + difference) for count, difference in zip(before, differences, strict=True)]
            await self._transaction.execute(_WRITE, movie=movie, **dict(zip(SCORE_COLUMNS, after, strict=True)))
        return []


class NaiveUnitOfWork(RatingUnitOfWork):
    def _bind(self, transaction: Transaction) -> None:
        super()._bind(transaction)
        self.summaries = NaiveSummaries(transaction)


@pytest.fixture
async def database(empty_database_url: str) -> AsyncIterator[Database]:
    migrate(empty_database_url, MIGRATIONS)
    database = Database(empty_database_url, max_size=16, wait=60.0)
    await database.open()
    yield database
    await database.close()


async def rate_at_once(unit_of_work: Callable[[], RatingUnitOfWork], users: int, ratings_each: int) -> int:
    """Every user rates movies of the same few again and again, and now and then takes a rating back; how many attempts were lost."""

    async def one_user(user: str, chance: random.Random) -> int:
        lost = 0
        for _ in range(ratings_each):
            movie = f"m{chance.randrange(MOVIES)}"
            try:
                async with unit_of_work() as uow:
                    if chance.random() < 0.1:
                        await commands.unrate_movie(uow, movie, user)
                    else:
                        await commands.rate_movie(uow, movie, user, chance.randint(1, 10))
                    await uow.commit()
            except RatingNotFound:
                continue
            except LOST:
                lost += 1
        return lost

    return sum(await asyncio.gather(*(one_user(f"u{number}", random.Random(number)) for number in range(users))))


async def test_summaries_equal_a_recount_after_60_users_rated_at_once(database: Database) -> None:
    assert not await rate_at_once(lambda: RatingUnitOfWork(database, encode), users=60, ratings_each=20)
    assert await wrong_summaries(database) == {}


async def test_without_the_guard_the_recount_finds_lost_ratings(database: Database) -> None:
    """The negative control."""
    await rate_at_once(lambda: NaiveUnitOfWork(database, encode), users=60, ratings_each=20)
    assert await wrong_summaries(database) != {}


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_summaries_equal_a_recount_after_1000_users_rated_at_once(database: Database) -> None:
    assert not await rate_at_once(lambda: RatingUnitOfWork(database, encode), users=1_000, ratings_each=50)
    assert await wrong_summaries(database) == {}


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_without_the_guard_the_full_size_recount_finds_lost_ratings(database: Database) -> None:
    await rate_at_once(lambda: NaiveUnitOfWork(database, encode), users=1_000, ratings_each=50)
    assert await wrong_summaries(database) != {}


async def import_at_once(unit_of_work: Callable[[], RatingUnitOfWork]) -> int:
    """Eight import and purge the same few movies while others rate them; how many transactions were lost."""

    async def importing(number: int) -> int:
        chance, lost = random.Random(number), 0
        for _ in range(6):
            keys = [(f"m{chance.randrange(MOVIES)}", f"u{chance.randrange(30)}") for _ in range(100)]
            batch = [ImportedRating(movie, user, chance.randint(1, 10), None) for movie, user in keys]
            try:
                async with unit_of_work() as uow:
                    if chance.random() < 0.2:
                        await commands.purge_ratings(uow, f"s{chance.randrange(2)}", force=True)
                    else:
                        await commands.import_ratings(uow, f"s{chance.randrange(2)}", batch)
                    await uow.commit()
            except LOST:
                lost += 1
        return lost

    rating = rate_at_once(unit_of_work, users=20, ratings_each=10)
    return sum(await asyncio.gather(rating, *(importing(number) for number in range(8))))


async def test_imports_purges_and_ratings_of_the_same_movies_at_once_neither_deadlock_nor_miscount(database: Database) -> None:
    assert await import_at_once(lambda: RatingUnitOfWork(database, encode)) == 0
    assert await wrong_summaries(database) == {}


async def import_crosswise(database: Database) -> int:
    """Two import the same ratings, one in the opposite order of the other, until one of them loses; how many did in ten times."""
    batch = [ImportedRating(f"m{number}", "u", 5, None) for number in range(500)]

    async def importing(source: str, ratings: list[ImportedRating]) -> int:
        try:
            async with RatingUnitOfWork(database, encode) as uow:
                await commands.import_ratings(uow, source, ratings)
                await uow.commit()
        except LOST:
            return 1
        return 0

    for _ in range(10):
        if lost := sum(await asyncio.gather(importing("s0", batch), importing("s1", batch[::-1]))):
            return lost
    return 0


async def test_two_imports_of_the_same_ratings_in_opposite_orders_both_succeed(database: Database) -> None:
    assert await import_crosswise(database) == 0


async def test_without_the_order_of_locks_one_of_them_is_the_victim_of_a_deadlock(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: rows are taken as the stream brings them."""
    ordered = stored_ratings._STORE.sql.decode()
    assert "ORDER BY movie_id, user_id" in ordered
    monkeypatch.setattr(stored_ratings, "_STORE", text_statement(ordered.replace("ORDER BY movie_id, user_id", "")))
    assert await import_crosswise(database) > 0


moments = st.integers(0, 5).map(lambda days: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=days))
few_movies = st.sampled_from(["a", "b", "c"])
few_users = st.sampled_from(["x", "y"])
scores = st.integers(1, 10)
imported = st.builds(ImportedRating, few_movies, few_users, scores, st.none() | moments)
sources = st.sampled_from(["s", "t"])
operations = st.one_of(
    st.tuples(st.just("rate"), few_movies, few_users, scores),
    st.tuples(st.just("unrate"), few_movies, few_users),
    st.tuples(st.just("import"), sources, st.lists(imported, max_size=8)),
    st.tuples(st.just("purge"), sources, st.booleans()),
)


async def perform(uow: RatingUnitOfWork, operation: tuple[object, ...]) -> None:
    match operation:
        case ("rate", str(movie), str(user), int(half_stars)):
            await commands.rate_movie(uow, movie, user, half_stars)
        case ("unrate", str(movie), str(user)):
            await commands.unrate_movie(uow, movie, user)
        case ("import", str(source), list(batch)):
            stored = await commands.import_ratings(uow, source, batch)
            assert stored.created + stored.updated + stored.unchanged == len(batch)
        case ("purge", str(source), bool(force)):
            await commands.purge_ratings(uow, source, force)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with closing(asyncio.Runner()) as runner:
        yield runner


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequence=st.lists(operations, min_size=1, max_size=12))
def test_any_sequence_of_operations_leaves_summaries_that_equal_a_recount(
    sequence: list[tuple[object, ...]], runner: asyncio.Runner, database_url_with_schema: str
) -> None:
    async def run() -> dict[str, str]:
        database = Database(database_url_with_schema)
        await database.open()
        await database.execute(text_statement("TRUNCATE ratings, rating_summaries, outbox"))
        for operation in sequence:
            try:
                async with RatingUnitOfWork(database, encode) as uow:
                    await perform(uow, operation)
                    await uow.commit()
            except RatingNotFound:
                continue
        try:
            return await wrong_summaries(database)
        finally:
            await database.close()

    assert runner.run(run()) == {}


@pytest.fixture
def database_url_with_schema(empty_database_url: str) -> str:
    migrate(empty_database_url, MIGRATIONS)
    return empty_database_url
