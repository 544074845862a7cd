"""Domain to contract, field by field, and what little comes the other way."""

from mesh.timestamps import moment, timestamp
from rating_service.domain import ratings, reviews
from rating_service.domain.ratings import HALF_STARS
from rating_service.infrastructure.grpc.names import movie_name, rating_name, review_name, summary_name, two_ids_of, user_name
from reelmesh.rating.v1 import rating_pb2, review_pb2


def half_stars(score: float) -> int:
    return round(2 * score)


def rating_message(rating: ratings.Rating) -> rating_pb2.Rating:
    return rating_pb2.Rating(
        name=rating_name(rating.movie, rating.user),
        movie=movie_name(rating.movie),
        user=user_name(rating.user),
        score=rating.score,
        create_time=timestamp(rating.create_time),
        update_time=timestamp(rating.update_time),
        source=rating.source,
    )


def rating_from(message: rating_pb2.Rating) -> ratings.Rating:
    movie, user = two_ids_of(message.name)
    return ratings.Rating(
        movie=movie,
        user=user,
        half_stars=half_stars(message.score),
        create_time=moment(message.create_time),
        update_time=moment(message.update_time),
        source=message.source,
    )


def summary_message(summary: ratings.RatingSummary) -> rating_pb2.RatingSummary:
    buckets = [rating_pb2.ScoreCount(score=half / 2, count=count) for half, count in zip(HALF_STARS, summary.histogram, strict=True)]
    return rating_pb2.RatingSummary(
        name=summary_name(summary.movie),
        count=summary.count,
        mean=summary.mean,
        bayesian_mean=summary.bayesian_mean,
        histogram=buckets if summary.count else [],
        update_time=None if summary.update_time is None else timestamp(summary.update_time),
    )


def similarity_message(similarity: ratings.TasteSimilarity) -> rating_pb2.TasteSimilarity:
    return rating_pb2.TasteSimilarity(score=similarity.score, support=similarity.support, confidence=similarity.confidence)


def imported_from(message: rating_pb2.ImportedRating) -> ratings.ImportedRating:
    movie, user = two_ids_of(message.name)
    time = moment(message.rate_time) if message.HasField("rate_time") else None
    return ratings.ImportedRating(movie, user, half_stars(message.score), time)


def review_message(review: reviews.Review, *, with_reports: bool) -> review_pb2.Review:
    """`with_reports` for those who may know how many readers reported it."""
    return review_pb2.Review(
        name=review_name(review.movie, review.review_id),
        author=user_name(review.author),
        language_code=review.content.language_code,
        spoiler=review.content.spoiler,
        text=review.content.text,
        like_count=review.like_count,
        report_count=review.report_count if with_reports else 0,
        state=_STATES[review.state],
        create_time=timestamp(review.create_time),
        update_time=timestamp(review.update_time),
        etag=review.etag,
    )


def text_from(message: review_pb2.Review) -> reviews.ReviewText:
    return reviews.ReviewText(language_code=message.language_code, spoiler=message.spoiler, text=message.text)


def state_from(number: int) -> reviews.ReviewState:
    """Of a number that the contract has, other than that of UNSPECIFIED."""
    return _STATES_BY_NUMBER[number]


_STATES = {
    reviews.ReviewState.PUBLISHED: review_pb2.Review.STATE_PUBLISHED,
    reviews.ReviewState.HIDDEN: review_pb2.Review.STATE_HIDDEN,
    reviews.ReviewState.REMOVED: review_pb2.Review.STATE_REMOVED,
}
_STATES_BY_NUMBER = {int(number): state for state, number in _STATES.items()}
