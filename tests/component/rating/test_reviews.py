"""Reviews over gRPC: written, read by whom, changed, liked, reported, moderated."""

import asyncio
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from mesh.postgres.statements import text_statement
from mesh.server import RunningService
from reelmesh.rating.v1.review_pb2 import Review
from reelmesh.rating.v1.review_service_pb2 import (
    CreateReviewRequest,
    DeleteReviewRequest,
    GetReviewRequest,
    LikeReviewRequest,
    ListReviewsRequest,
    ModerateReviewRequest,
    ReportReviewRequest,
    UnlikeReviewRequest,
    UpdateReviewRequest,
)
from tests.services import Metadata, admin, failure, token

ALICE, BOB = token("users/alice"), token("users/bob")
MODERATOR = token("users/mod", "MODERATOR")


async def write(stub: Any, user: str = "alice", movie: str = "tt1", review_id: str = "", **more: Any) -> Review:
    content = Review(**({"language_code": "en", "text": "Good."} | more))
    request = CreateReviewRequest(parent=f"movies/{movie}", review=content, review_id=review_id)
    review: Review = (await stub.CreateReview(request, metadata=token(f"users/{user}"))).review
    return review


async def moderate(stub: Any, review: Review, state: Review.State.ValueType) -> Review:
    request = ModerateReviewRequest(name=review.name, state=state, comment="Because.")
    moderated: Review = (await stub.ModerateReview(request, metadata=MODERATOR)).review
    return moderated


async def read_as(stub: Any, review: Review, metadata: Metadata) -> Review:
    found: Review = (await stub.GetReview(GetReviewRequest(name=review.name), metadata=metadata)).review
    return found


async def listed(stub: Any, **arguments: Any) -> list[str]:
    """The ids of all pages of three."""
    found, page_token = [], ""
    while True:
        page = await stub.ListReviews(ListReviewsRequest(parent="movies/tt1", page_size=3, page_token=page_token, **arguments))
        found += [review.name.rpartition("/")[2] for review in page.reviews]
        page_token = page.next_page_token
        if not page_token:
            return found


async def test_a_review_is_published_and_read_by_everyone(reviews: Any) -> None:
    review = await write(reviews, text="Très bon.", language_code="fr-CA", spoiler=True)
    assert (review.author, review.text, review.language_code, review.spoiler) == ("users/alice", "Très bon.", "fr-CA", True)
    assert review.state == Review.STATE_PUBLISHED
    assert await read_as(reviews, review, ()) == review
    assert (await write(reviews, "bob", review_id="bobs")).name == "movies/tt1/reviews/bobs"


async def test_a_create_sent_again_answers_the_same_review(reviews: Any) -> None:
    request = CreateReviewRequest(parent="movies/tt1", review=Review(language_code="en", text="Good."), request_id="r1")
    first = await reviews.CreateReview(request, metadata=ALICE)
    assert await reviews.CreateReview(request, metadata=ALICE) == first


async def test_the_one_review_in_the_way_of_a_second_one_is_named(reviews: Any) -> None:
    first = await write(reviews)
    with pytest.raises(Exception, match=first.name):
        await write(reviews)


async def test_an_update_changes_what_its_mask_names_and_the_etag(reviews: Any) -> None:
    review = await write(reviews, spoiler=True)
    change = Review(name=review.name, text="Better.", etag=review.etag)
    request = UpdateReviewRequest(review=change, update_mask=FieldMask(paths=["text", "spoiler"]))
    updated = (await reviews.UpdateReview(request, metadata=ALICE)).review
    assert (updated.text, updated.spoiler, updated.language_code) == ("Better.", False, "en")
    assert updated.etag != review.etag
    assert (await failure(reviews.UpdateReview(request, metadata=ALICE))).reason == "ETAG_MISMATCH"
    again = UpdateReviewRequest(review=Review(name=review.name, text="Better."))
    assert (await reviews.UpdateReview(again, metadata=ALICE)).review == updated


async def test_only_author_moderators_and_admin_read_a_hidden_or_removed_review(reviews: Any) -> None:
    review = await write(reviews)
    for state in (Review.STATE_HIDDEN, Review.STATE_REMOVED):
        await moderate(reviews, review, state)
        for reader in ((), BOB):
            assert (await failure(reviews.GetReview(GetReviewRequest(name=review.name), metadata=reader))).reason == "REVIEW_NOT_FOUND"
            assert await listed(reviews) == []
        for reader in (ALICE, MODERATOR, admin()):
            assert (await read_as(reviews, review, reader)).state == state


async def test_hidden_and_published_follow_each_other_and_removed_is_final(reviews: Any) -> None:
    review = await write(reviews)
    for state in (Review.STATE_HIDDEN, Review.STATE_PUBLISHED, Review.STATE_PUBLISHED, Review.STATE_REMOVED, Review.STATE_REMOVED):
        assert (await moderate(reviews, review, state)).state == state
    for state in (Review.STATE_HIDDEN, Review.STATE_PUBLISHED):
        request = ModerateReviewRequest(name=review.name, state=state)
        assert (await failure(reviews.ModerateReview(request, metadata=admin()))).reason == "REVIEW_REMOVED"


async def test_a_deleted_review_is_gone_with_its_likes_and_makes_room_for_another(reviews: Any) -> None:
    review = await write(reviews, review_id="one")
    await reviews.LikeReview(LikeReviewRequest(name=review.name), metadata=BOB)
    await reviews.DeleteReview(DeleteReviewRequest(name=review.name, etag=review.etag), metadata=ALICE)
    assert (await failure(reviews.GetReview(GetReviewRequest(name=review.name)))).reason == "REVIEW_NOT_FOUND"
    again = await write(reviews, review_id="one")
    assert again.like_count == 0
    assert again.etag != review.etag


async def test_likes_count_each_user_once_and_do_not_change_the_etag(reviews: Any) -> None:
    review = await write(reviews)
    for like_count in (1, 1):
        liked = (await reviews.LikeReview(LikeReviewRequest(name=review.name), metadata=BOB)).review
        assert (liked.like_count, liked.etag) == (like_count, review.etag)
    for _ in range(2):
        assert (await reviews.UnlikeReview(UnlikeReviewRequest(name=review.name), metadata=BOB)).review.like_count == 0


async def test_likes_at_once_are_all_counted(reviews: Any, running: RunningService) -> None:
    review = await write(reviews)
    users = [f"users/u{number}" for number in range(30)]
    request, back = LikeReviewRequest(name=review.name), UnlikeReviewRequest(name=review.name)
    calls = [reviews.LikeReview(request, metadata=token(user)) for user in users for _ in range(3)]
    calls += [reviews.UnlikeReview(back, metadata=token(user)) for user in users[:10]]
    await asyncio.gather(*calls)
    likes = await running.foundation.database.fetch_one(text_statement("SELECT count(*) FROM review_likes"))
    assert likes is not None
    assert (await read_as(reviews, review, ())).like_count == likes[0]
    assert likes[0] >= 20


async def test_reports_are_counted_once_for_each_user_and_shown_to_admins_only(reviews: Any) -> None:
    review = await write(reviews)
    for user, reason in (("bob", "REASON_SPAM"), ("bob", "REASON_ABUSE"), ("zoe", "REASON_OFF_TOPIC")):
        request = ReportReviewRequest(name=review.name, reason=ReportReviewRequest.Reason.Value(reason))
        await reviews.ReportReview(request, metadata=token(f"users/{user}"))
    assert (await read_as(reviews, review, admin())).report_count == 2
    assert (await read_as(reviews, review, ALICE)).report_count == 0
    assert (await read_as(reviews, review, ALICE)).state == Review.STATE_PUBLISHED


async def test_lists_are_ordered_filtered_and_their_pages_join(reviews: Any) -> None:
    languages = ["en", "en-GB", "fr", "EN-us", "de", "eng", "fr-CA"]
    for number, language in enumerate(languages):
        review = await write(reviews, f"u{number}", review_id=f"r{number}", language_code=language, spoiler=number % 2 == 0)
        for fan in range((number * 5) % 3):
            await reviews.LikeReview(LikeReviewRequest(name=review.name), metadata=token(f"users/fan{fan}"))
    assert await listed(reviews) == ["r6", "r5", "r4", "r3", "r2", "r1", "r0"]
    assert await listed(reviews, order_by="create_time desc", language_code="en") == ["r3", "r1", "r0"]
    assert await listed(reviews, hide_spoilers=True) == ["r5", "r3", "r1"]
    assert await listed(reviews, order_by="like_count desc") == ["r4", "r1", "r5", "r2", "r6", "r3", "r0"]
