"""Many readers and writers of one review at the same moment."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from mesh.postgres.database import Database
from mesh.postgres.migrations import migrate
from mesh.postgres.statements import text_statement
from rating_service.__main__ import MIGRATIONS
from rating_service.application import review_commands as commands
from rating_service.domain.errors import ReviewAlreadyExists
from rating_service.domain.reviews import Reader, Review, ReviewText
from rating_service.infrastructure.events.encode import encode
from rating_service.infrastructure.postgres import reviews as stored_reviews
from rating_service.infrastructure.postgres.unit_of_work import RatingUnitOfWork

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = ReviewText(language_code="en", spoiler=False, text="Good.")
_NAIVE_LIKE = text_statement("UPDATE reviews SET like_count = %(count)s WHERE review_id = %(review_id)s")
_NEW_LIKE = text_statement("INSERT INTO review_likes VALUES (%(movie)s, %(review_id)s, %(user)s) ON CONFLICT DO NOTHING")
_COUNTS = text_statement("SELECT like_count, (SELECT count(*) FROM review_likes) FROM reviews")


@pytest.fixture
async def database(empty_database_url: str) -> AsyncIterator[Database]:
    migrate(empty_database_url, MIGRATIONS)
    database = Database(empty_database_url, max_size=16, wait=60.0)
    await database.open()
    yield database
    await database.close()


async def create(database: Database, review_id: str) -> bool:
    try:
        async with RatingUnitOfWork(database, encode) as uow:
            await commands.create_review(uow, "tt1", review_id, "alice", TEXT, NOW)
            await uow.commit()
    except ReviewAlreadyExists:
        return False
    return True


async def counts_after_likes_at_once(database: Database) -> tuple[int, int]:
    """The count of the review, and the likes that there are: 40 users like it, each twice, and half of them take it back."""
    await create(database, "r1")

    async def one_user(number: int) -> None:
        reader = Reader(f"u{number}", False)
        for command in (commands.like_review, commands.like_review, *([commands.unlike_review] if number % 2 else [])):
            async with RatingUnitOfWork(database, encode) as uow:
                await command(uow, "tt1", "r1", reader)
                await uow.commit()

    await asyncio.gather(*(one_user(number) for number in range(40)))
    row = await database.fetch_one(_COUNTS)
    assert row is not None
    return row[0], row[1]


async def test_likes_at_once_are_counted_exactly(database: Database) -> None:
    assert await counts_after_likes_at_once(database) == (20, 20)


async def test_a_count_that_is_read_and_written_back_loses_likes(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: without the lock and without the difference."""

    async def naive_like(self: stored_reviews.PostgresReviews, review: Review, user: str) -> Review:
        key = {"review_id": review.review_id}
        added = await self._transaction.execute(_NEW_LIKE, movie=review.movie, user=user, **key)
        await self._transaction.execute(_NAIVE_LIKE, count=review.like_count + added, **key)
        return review

    async def naive_unlike(self: stored_reviews.PostgresReviews, review: Review, user: str) -> Review:
        return review

    monkeypatch.setattr(stored_reviews, "_LOCK", stored_reviews._READ)
    monkeypatch.setattr(stored_reviews.PostgresReviews, "like", naive_like)
    monkeypatch.setattr(stored_reviews.PostgresReviews, "unlike", naive_unlike)
    counted, likes = await counts_after_likes_at_once(database)
    assert likes == 40
    assert counted != likes


async def test_of_many_reviews_of_a_movie_by_one_author_at_once_one_is_published(database: Database) -> None:
    created = await asyncio.gather(*(create(database, f"r{number}") for number in range(20)))
    assert sum(created) == 1


async def test_without_the_constraint_an_author_publishes_several(database: Database) -> None:
    """The negative control."""
    await database.execute(text_statement("ALTER TABLE reviews DROP CONSTRAINT reviews_one_for_each_author"))
    created = await asyncio.gather(*(create(database, f"r{number}") for number in range(20)))
    assert sum(created) > 1
