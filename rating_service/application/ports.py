"""What the use cases need from outside, in their own words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from rating_service.domain.events import Event
from rating_service.domain.ratings import ImportedRating, Rating, RatingSummary, ScoreChange, TasteSimilarity
from rating_service.domain.reviews import ReportReason, Review


class MovieDirectory(Protocol):
    """The movies of the catalogue."""

    async def require(self, movie: str) -> None:
        """Raises MovieNotFound for one that does not exist or is deleted, Unavailable when that cannot be told."""


class Ratings(Protocol):
    """The ratings, inside a transaction. What it changes has to reach the summaries in the same transaction."""

    async def put(self, movie: str, user: str, half_stars: int) -> tuple[Rating, int | None]:
        """The rating as it is now, and the half stars that it had before."""

    async def remove(self, movie: str, user: str) -> Rating | None: ...

    async def store(self, source: str, ratings: Sequence[ImportedRating]) -> list[tuple[Rating, int | None]]:
        """At most one rating for each movie and user; gives back those that are new or changed, with what they were before."""

    async def count_of_source(self, source: str) -> int: ...

    async def remove_source(self, source: str) -> list[ScoreChange]: ...


class Summaries(Protocol):
    """The summaries, inside a transaction. They are locked after ratings and in the order of their movies, so nobody deadlocks."""

    async def apply(self, changes: Sequence[ScoreChange]) -> list[RatingSummary]:
        """Counts the changes in; gives back the summaries that changed, which the caller announces."""

    async def apply_unannounced(self, changes: Sequence[ScoreChange]) -> None:
        """Counts the changes in and remembers that these summaries are still to be announced."""

    async def take_unannounced(self, limit: int, *, quiet_seconds: float, longest_seconds: float) -> list[RatingSummary]:
        """Summaries to announce, now taken as announced: all of them once none has changed for `quiet_seconds`, or those that have
        waited for `longest_seconds`."""


class Reviews(Protocol):
    """The reviews with their likes and reports, inside a transaction."""

    async def add(self, review: Review) -> None:
        """Raises ReviewAlreadyExists, also when the author has reviewed the movie under another id."""

    async def lock(self, movie: str, review_id: str) -> Review:
        """The review, which nobody else changes until this transaction ends; raises ReviewNotFound."""

    async def save(self, review: Review) -> None: ...

    async def remove(self, review: Review) -> None: ...

    async def like(self, review: Review, user: str) -> Review:
        """The review with its likes counted; a second like of a user changes nothing. The review is locked."""

    async def unlike(self, review: Review, user: str) -> Review: ...

    async def report(self, review: Review, user: str, reason: ReportReason, comment: str, now: datetime) -> None: ...

    async def record_decision(self, review: Review, moderator: str, comment: str, now: datetime) -> None: ...


class UnitOfWork(Protocol):
    """One transaction."""

    @property
    def ratings(self) -> Ratings: ...

    @property
    def summaries(self) -> Summaries: ...

    @property
    def reviews(self) -> Reviews: ...

    def add_event(self, event: Event) -> None: ...


class RatingReader(Protocol):
    """Reads of ratings and summaries, outside any transaction. Pages begin after a position, which is the sort key of a row."""

    async def rating(self, movie: str, user: str) -> Rating | None: ...

    async def ratings(self, wanted: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Rating]:
        """Those of these movies and users that there are."""

    async def of_movie(self, movie: str, limit: int, after: tuple[datetime, str] | None) -> list[Rating]:
        """The latest first; the position is (update_time, user)."""

    async def of_user(self, user: str, limit: int, after: tuple[datetime, str] | None) -> list[Rating]:
        """The latest first; the position is (update_time, movie)."""

    async def summary(self, movie: str) -> RatingSummary: ...

    async def summaries(self, movies: Sequence[str]) -> list[RatingSummary]:
        """One for each of `movies`, in their order."""

    async def top_rated(self, least_count: int, limit: int, after: tuple[float, str] | None) -> list[RatingSummary]:
        """The highest Bayesian mean first; the position is (bayesian_mean, movie)."""

    async def similarity(self, user: str, other: str) -> TasteSimilarity: ...


class ReviewReader(Protocol):
    """Reads of reviews, outside any transaction."""

    async def review(self, movie: str, review_id: str) -> Review | None: ...

    async def latest(self, movie: str, language: str, hide_spoilers: bool, limit: int, after: tuple[datetime, str] | None) -> list[Review]:
        """Published ones, the latest first; the position is (create_time, review_id)."""

    async def most_liked(self, movie: str, language: str, hide_spoilers: bool, limit: int, after: tuple[int, str] | None) -> list[Review]:
        """Published ones, the most liked first; the position is (like_count, review_id)."""
