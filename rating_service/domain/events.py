"""What happened, as other contexts are told."""

from dataclasses import dataclass

from rating_service.domain.ratings import Rating, RatingSummary
from rating_service.domain.reviews import Review


@dataclass(frozen=True, slots=True)
class MovieRated:
    rating: Rating
    previous_half_stars: int | None


@dataclass(frozen=True, slots=True)
class MovieUnrated:
    rating: Rating


@dataclass(frozen=True, slots=True)
class RatingsImported:
    """Those that are new or changed, at most 500."""

    source: str
    ratings: tuple[Rating, ...]


@dataclass(frozen=True, slots=True)
class RatingsPurged:
    source: str
    count: int


@dataclass(frozen=True, slots=True)
class RatingSummaryChanged:
    summary: RatingSummary


@dataclass(frozen=True, slots=True)
class ReviewPublished:
    review: Review


@dataclass(frozen=True, slots=True)
class ReviewChanged:
    """Its text or its state changed."""

    review: Review


@dataclass(frozen=True, slots=True)
class ReviewRemoved:
    """It was deleted by its author or an ADMIN."""

    review: Review


Event = MovieRated | MovieUnrated | RatingsImported | RatingsPurged | RatingSummaryChanged | ReviewPublished | ReviewChanged | ReviewRemoved
