"""Changes of ratings; each keeps the summaries equal to a recount within its own transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from rating_service.application.ports import UnitOfWork
from rating_service.domain.errors import RatingNotFound
from rating_service.domain.events import MovieRated, MovieUnrated, RatingsImported, RatingsPurged, RatingSummaryChanged
from rating_service.domain.ratings import ImportedRating, Rating, ScoreChange, latest_of_each


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch of imported ratings."""

    created: int
    updated: int
    unchanged: int


async def rate_movie(uow: UnitOfWork, movie: str, user: str, half_stars: int) -> Rating:
    """The caller has made sure that the movie exists. The same score again tells nobody anything."""
    rating, before = await uow.ratings.put(movie, user, half_stars)
    if before != half_stars:
        uow.add_event(MovieRated(rating, before))
        await _count_in(uow, ScoreChange(movie, before, half_stars))
    return rating


async def unrate_movie(uow: UnitOfWork, movie: str, user: str) -> Rating:
    rating = await uow.ratings.remove(movie, user)
    if rating is None:
        raise RatingNotFound(movie, user)
    uow.add_event(MovieUnrated(rating))
    await _count_in(uow, ScoreChange(movie, rating.half_stars, None))
    return rating


async def import_ratings(uow: UnitOfWork, source: str, ratings: Sequence[ImportedRating]) -> Stored:
    """One batch. Its summaries change now and are announced later: see `announce_summaries`."""
    changed = await uow.ratings.store(source, latest_of_each(list(ratings)))
    if changed:
        uow.add_event(RatingsImported(source, tuple(rating for rating, _ in changed)))
        await uow.summaries.apply_unannounced([ScoreChange(rating.movie, before, rating.half_stars) for rating, before in changed])
    created = sum(before is None for _, before in changed)
    return Stored(created, len(changed) - created, len(ratings) - len(changed))


async def purge_ratings(uow: UnitOfWork, source: str, force: bool) -> int:
    """How many were taken out, or would be without `force`."""
    if not force:
        return await uow.ratings.count_of_source(source)
    changes = await uow.ratings.remove_source(source)
    if changes:
        await uow.summaries.apply_unannounced(changes)
        uow.add_event(RatingsPurged(source, len(changes)))
    return len(changes)


async def announce_summaries(uow: UnitOfWork, limit: int, *, quiet_seconds: float = 0.0, longest_seconds: float = 0.0) -> int:
    """Announces summaries that imports and purges have changed; how many.

    An import of 100,000 ratings in the order of users touches most movies again in every batch: announced by batch, that is 100,000
    events for 10,000 movies. So a batch only marks its summaries, in its own transaction; what is marked is announced once the stream
    ends, and by a sweeper for streams that were cut off. An announcement carries the summary as it is at that moment.
    """
    summaries = await uow.summaries.take_unannounced(limit, quiet_seconds=quiet_seconds, longest_seconds=longest_seconds)
    for summary in summaries:
        uow.add_event(RatingSummaryChanged(summary))
    return len(summaries)


async def _count_in(uow: UnitOfWork, change: ScoreChange) -> None:
    for summary in await uow.summaries.apply([change]):
        uow.add_event(RatingSummaryChanged(summary))
