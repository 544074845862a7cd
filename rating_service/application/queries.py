"""Reads that are more than one row as it stands."""

from rating_service.application.ports import RatingReader, ReviewReader
from rating_service.domain.errors import RatingNotFound, ReviewNotFound, SameUser
from rating_service.domain.ratings import Rating, TasteSimilarity
from rating_service.domain.reviews import Reader, Review


async def get_rating(ratings: RatingReader, movie: str, user: str) -> Rating:
    rating = await ratings.rating(movie, user)
    if rating is None:
        raise RatingNotFound(movie, user)
    return rating


async def get_taste_similarity(ratings: RatingReader, user: str, other: str) -> TasteSimilarity:
    if user == other:
        raise SameUser
    return await ratings.similarity(user, other)


async def get_review(reviews: ReviewReader, movie: str, review_id: str, reader: Reader) -> Review:
    review = await reviews.review(movie, review_id)
    if review is None:
        raise ReviewNotFound(movie, review_id)
    review.require_readable_by(reader)
    return review
