"""No field is lost or changed between the domain and the contract."""

from dataclasses import fields

from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from mesh.timestamps import moment, timestamp
from rating_service.domain import events
from rating_service.domain.ratings import ImportedRating, Rating, RatingSummary
from rating_service.domain.reviews import Review
from rating_service.infrastructure.events.encode import encode
from rating_service.infrastructure.grpc import translate
from reelmesh.rating.v1 import events_pb2
from reelmesh.rating.v1.rating_pb2 import ImportedRating as ImportedMessage
from tests.unit.rating import things


@given(things.ratings)
def test_a_rating_comes_back_from_its_message_as_it_was(rating: Rating) -> None:
    message = translate.rating_message(rating)
    assert translate.rating_from(message) == rating
    assert {field.name for field in message.DESCRIPTOR.fields} == {name.name for name, _ in message.ListFields()} | (
        {"source"} if not rating.source else set()
    )
    assert (message.movie, message.user) == (f"movies/{rating.movie}", f"users/{rating.user}")


@given(things.imported)
def test_an_imported_rating_is_read_with_every_field(rating: ImportedRating) -> None:
    time = None if rating.rate_time is None else timestamp(rating.rate_time)
    message = ImportedMessage(name=f"movies/{rating.movie}/ratings/{rating.user}", score=rating.half_stars / 2, rate_time=time)
    assert translate.imported_from(ImportedMessage.FromString(message.SerializeToString())) == rating


@given(things.summaries)
def test_a_summary_keeps_every_bucket_and_what_follows_from_them(summary: RatingSummary) -> None:
    message = translate.summary_message(summary)
    assert message.name == f"movies/{summary.movie}/ratingSummary"
    assert (message.count, message.mean, message.bayesian_mean) == (summary.count, summary.mean, summary.bayesian_mean)
    buckets = [(bucket.score, bucket.count) for bucket in message.histogram]
    assert buckets == ([(half / 2, count) for half, count in enumerate(summary.histogram, start=1)] if summary.count else [])
    assert (moment(message.update_time) if message.HasField("update_time") else None) == summary.update_time


@given(things.reviews, st.booleans())
def test_a_review_comes_back_from_its_message_as_it_was(review: Review, with_reports: bool) -> None:
    message = translate.review_message(review, with_reports=with_reports)
    movie, review_id = message.name.removeprefix("movies/").split("/reviews/")
    back = Review(
        movie=movie,
        review_id=review_id,
        author=message.author.removeprefix("users/"),
        content=translate.text_from(message),
        state=translate.state_from(message.state),
        create_time=moment(message.create_time),
        update_time=moment(message.update_time),
        revision=review.revision,  # told as the etag
        like_count=message.like_count,
        report_count=message.report_count if with_reports else review.report_count,
    )
    assert back == review
    assert message.etag == review.etag
    assert with_reports or message.report_count == 0


@given(things.ratings, st.none() | things.half_stars, things.summaries, things.reviews)
def test_every_event_is_published_with_its_content(rating: Rating, before: int | None, summary: RatingSummary, review: Review) -> None:
    rated, told = translate.rating_message(rating), translate.review_message(review, with_reports=True)
    expected: dict[events.Event, Message] = {
        events.MovieRated(rating, before): events_pb2.MovieRated(rating=rated, previous_score=before and before / 2),
        events.MovieUnrated(rating): events_pb2.MovieUnrated(rating=rated),
        events.RatingsImported("demo", (rating, rating)): events_pb2.RatingsImported(ratings=[rated, rated]),
        events.RatingsPurged("demo", 7): events_pb2.RatingsPurged(source="demo", purge_count=7),
        events.RatingSummaryChanged(summary): events_pb2.RatingSummaryChanged(summary=translate.summary_message(summary)),
        events.ReviewPublished(review): events_pb2.ReviewPublished(review=told),
        events.ReviewChanged(review): events_pb2.ReviewChanged(review=told),
        events.ReviewRemoved(review): events_pb2.ReviewRemoved(review=told),
    }
    assert len(expected) == len(events_pb2.DESCRIPTOR.message_types_by_name)
    for event, message in expected.items():
        published = encode(event)
        assert published.type_name == message.DESCRIPTOR.full_name
        assert type(message).FromString(published.payload) == message


def test_the_strategy_of_reviews_covers_every_field() -> None:
    """Or the round trip above would prove nothing about a field that is added."""
    assert {field.name for field in fields(Review)} == {
        "movie", "review_id", "author", "content", "state", "create_time", "update_time", "revision", "like_count", "report_count",
    }  # fmt: skip
