"""Changes of reviews, and how readers answer to them."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from rating_service.application.ports import UnitOfWork
from rating_service.domain.events import ReviewChanged, ReviewPublished, ReviewRemoved
from rating_service.domain.reviews import Reader, ReportReason, Review, ReviewState, ReviewText


async def create_review(uow: UnitOfWork, movie: str, review_id: str, author: str, content: ReviewText, now: datetime) -> Review:
    """The caller has made sure that the movie exists."""
    review = Review(
        movie=movie,
        review_id=review_id,
        author=author,
        content=content,
        state=ReviewState.PUBLISHED,
        create_time=now,
        update_time=now,
    )
    await uow.reviews.add(review)
    uow.add_event(ReviewPublished(review))
    return review


async def update_review(
    uow: UnitOfWork, movie: str, review_id: str, reader: Reader, changes: dict[str, Any], etag: str, now: datetime
) -> Review:
    """`changes` are fields of ReviewText."""
    review = await uow.reviews.lock(movie, review_id)
    review.require_changeable_by(reader)
    review.require_etag(etag)
    changed = review.rewritten(replace(review.content, **changes), now)
    return await _saved(uow, review, changed)


async def delete_review(uow: UnitOfWork, movie: str, review_id: str, reader: Reader, etag: str) -> None:
    review = await uow.reviews.lock(movie, review_id)
    review.require_changeable_by(reader)
    review.require_etag(etag)
    await uow.reviews.remove(review)
    uow.add_event(ReviewRemoved(review))


async def like_review(uow: UnitOfWork, movie: str, review_id: str, reader: Reader) -> Review:
    return await uow.reviews.like(await _readable(uow, movie, review_id, reader), reader.user)


async def unlike_review(uow: UnitOfWork, movie: str, review_id: str, reader: Reader) -> Review:
    return await uow.reviews.unlike(await _readable(uow, movie, review_id, reader), reader.user)


async def report_review(
    uow: UnitOfWork, movie: str, review_id: str, reader: Reader, reason: ReportReason, comment: str, now: datetime
) -> None:
    """Reports are counted and kept for the moderators; they hide nothing by themselves, or a few accounts could silence anyone."""
    review = await _readable(uow, movie, review_id, reader)
    await uow.reviews.report(review, reader.user, reason, comment, now)


async def moderate_review(
    uow: UnitOfWork, movie: str, review_id: str, moderator: str, state: ReviewState, comment: str, etag: str, now: datetime
) -> Review:
    review = await uow.reviews.lock(movie, review_id)
    review.require_etag(etag)
    changed = review.moderated(state, now)
    if changed is not review:
        await uow.reviews.record_decision(changed, moderator, comment, now)
    return await _saved(uow, review, changed)


async def _readable(uow: UnitOfWork, movie: str, review_id: str, reader: Reader) -> Review:
    review = await uow.reviews.lock(movie, review_id)
    review.require_readable_by(reader)
    return review


async def _saved(uow: UnitOfWork, before: Review, after: Review) -> Review:
    if after is not before:
        await uow.reviews.save(after)
        uow.add_event(ReviewChanged(after))
    return after
