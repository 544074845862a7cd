"""Domain events as they are published, with the key that keeps them in order."""

from mesh.postgres.outbox import OutboxMessage, outbox_message
from rating_service.domain import events
from rating_service.domain.reviews import Review
from rating_service.infrastructure.grpc.names import rating_name, review_name, summary_name
from rating_service.infrastructure.grpc.translate import rating_message, review_message, summary_message
from reelmesh.rating.v1 import events_pb2, review_pb2


def encode(event: events.Event) -> OutboxMessage:
    match event:
        case events.MovieRated(rating, before):
            rated = events_pb2.MovieRated(rating=rating_message(rating), previous_score=None if before is None else before / 2)
            return outbox_message(rated, rating_name(rating.movie, rating.user))
        case events.MovieUnrated(rating):
            return outbox_message(events_pb2.MovieUnrated(rating=rating_message(rating)), rating_name(rating.movie, rating.user))
        case events.RatingsImported(source, ratings):
            return outbox_message(events_pb2.RatingsImported(ratings=[rating_message(rating) for rating in ratings]), f"sources/{source}")
        case events.RatingsPurged(source, count):
            return outbox_message(events_pb2.RatingsPurged(source=source, purge_count=count), f"sources/{source}")
        case events.RatingSummaryChanged(summary):
            return outbox_message(events_pb2.RatingSummaryChanged(summary=summary_message(summary)), summary_name(summary.movie))
        case events.ReviewPublished(review):
            return outbox_message(events_pb2.ReviewPublished(review=_message(review)), _key(review))
        case events.ReviewChanged(review):
            return outbox_message(events_pb2.ReviewChanged(review=_message(review)), _key(review))
        case events.ReviewRemoved(review):
            return outbox_message(events_pb2.ReviewRemoved(review=_message(review)), _key(review))


def _message(review: Review) -> review_pb2.Review:
    return review_message(review, with_reports=True)


def _key(review: Review) -> str:
    return review_name(review.movie, review.review_id)
