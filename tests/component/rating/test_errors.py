"""Every error that the contract names at a method is what the service answers."""

from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from mesh.server import RunningService
from reelmesh.rating.v1 import rating_service_pb2 as r
from reelmesh.rating.v1 import review_service_pb2 as w
from reelmesh.rating.v1.rating_service_pb2_grpc import RatingServiceStub
from reelmesh.rating.v1.review_pb2 import Review
from reelmesh.rating.v1.review_service_pb2_grpc import ReviewServiceStub
from tests.component.known_movies import AWAY, DELETED, MISSING
from tests.component.rating.asking import rate
from tests.services import Metadata, admin, failure, stub_of, token

INVALID, MISSING_CODE = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND
MINE, NO_REVIEW = "movies/tt1/reviews/mine", "movies/tt1/reviews/none"
HIDDEN, GONE = "movies/tt1/reviews/hidden", "movies/tt1/reviews/gone"


def text(name: str = "", **more: Any) -> Review:
    return Review(**({"name": name, "language_code": "en", "text": "Good."} | more))


@dataclass(frozen=True)
class Case:
    """A call by `caller` that must be answered with `code` and `reason`."""

    method: str
    request: Message
    code: grpc.StatusCode
    reason: str
    caller: Metadata = field(default_factory=token)
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.method}-{self.reason}-{'-'.join(self.fields)}"


def invalid(method: str, request: Message, *fields: str, caller: Metadata | None = None) -> Case:
    return Case(method, request, INVALID, "INVALID_ARGUMENT", caller or token(), fields)


CASES = [
    invalid("RateMovie", r.RateMovieRequest(name="tt1", score=5.5), "name", "score"),
    invalid("RateMovie", r.RateMovieRequest(name="movies/tt1", score=1.3), "score"),
    invalid("RateMovie", r.RateMovieRequest(name="movies/tt1"), "score"),
    Case("RateMovie", r.RateMovieRequest(name=MISSING, score=1), MISSING_CODE, "MOVIE_NOT_FOUND"),
    Case("RateMovie", r.RateMovieRequest(name=DELETED, score=1), MISSING_CODE, "MOVIE_NOT_FOUND"),
    Case("RateMovie", r.RateMovieRequest(name=AWAY, score=1), grpc.StatusCode.UNAVAILABLE, "DATABASE_AWAY"),
    Case("RateMovie", r.RateMovieRequest(name="movies/tt1", score=1), grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING", ()),
    Case(
        "RateMovie",
        r.RateMovieRequest(name="movies/tt1", score=1),
        grpc.StatusCode.PERMISSION_DENIED,
        "ROLE_MISSING",
        token("services/movie", "SERVICE"),
    ),
    invalid("UnrateMovie", r.UnrateMovieRequest(), "name"),
    Case("UnrateMovie", r.UnrateMovieRequest(name="movies/tt1"), MISSING_CODE, "RATING_NOT_FOUND"),
    invalid("GetRating", r.GetRatingRequest(name="movies/tt1"), "name"),
    Case("GetRating", r.GetRatingRequest(name="movies/tt1/ratings/alice"), MISSING_CODE, "RATING_NOT_FOUND"),
    invalid(
        "BatchGetRatings",
        r.BatchGetRatingsRequest(names=["movies/tt1/ratings/alice", "movies/tt1/ratings/alice", "x"]),
        "names",
        "names[2]",
    ),
    invalid("ListRatings", r.ListRatingsRequest(parent="movies/tt1", page_token="x"), "page_token"),
    invalid("ListRatings", r.ListRatingsRequest(parent="genres/x", page_size=-1), "parent", "page_size"),
    invalid("GetRatingSummary", r.GetRatingSummaryRequest(name="movies/tt1"), "name"),
    invalid("BatchGetRatingSummaries", r.BatchGetRatingSummariesRequest(), "names"),
    invalid("ListTopRated", r.ListTopRatedRequest(page_token="eHg", min_rating_count=1), "page_token"),
    invalid("GetTasteSimilarity", r.GetTasteSimilarityRequest(user="users/a", other_user="users/a"), "other_user"),
    invalid("GetTasteSimilarity", r.GetTasteSimilarityRequest(user="users/a"), "other_user"),
    invalid("PurgeRatings", r.PurgeRatingsRequest(), "source", caller=admin()),
    Case("PurgeRatings", r.PurgeRatingsRequest(source="demo"), grpc.StatusCode.PERMISSION_DENIED, "ROLE_MISSING"),
    invalid("CreateReview", w.CreateReviewRequest(parent="movies/tt1", review=Review()), "review.language_code", "review.text"),
    Case("CreateReview", w.CreateReviewRequest(parent=MISSING, review=text()), MISSING_CODE, "MOVIE_NOT_FOUND"),
    Case(
        "CreateReview",
        w.CreateReviewRequest(parent="movies/tt1", review=text(), review_id="other"),
        grpc.StatusCode.ALREADY_EXISTS,
        "REVIEW_ALREADY_EXISTS",
    ),
    Case(
        "CreateReview",
        w.CreateReviewRequest(parent="movies/tt1", review=text(), review_id="mine"),
        grpc.StatusCode.ALREADY_EXISTS,
        "REVIEW_ALREADY_EXISTS",
        token("users/zoe"),
    ),
    invalid("GetReview", w.GetReviewRequest(), "name"),
    Case("GetReview", w.GetReviewRequest(name=NO_REVIEW), MISSING_CODE, "REVIEW_NOT_FOUND"),
    Case("GetReview", w.GetReviewRequest(name=HIDDEN), MISSING_CODE, "REVIEW_NOT_FOUND"),
    invalid("ListReviews", w.ListReviewsRequest(parent="movies/tt1", order_by="text"), "order_by"),
    invalid("ListReviews", w.ListReviewsRequest(parent="movies/tt1", page_token="x"), "page_token"),
    invalid("UpdateReview", w.UpdateReviewRequest(review=text(MINE), update_mask=FieldMask(paths=["stars"])), "update_mask"),
    invalid("UpdateReview", w.UpdateReviewRequest(review=text(MINE, text=""), update_mask=FieldMask(paths=["*"])), "review.text"),
    Case("UpdateReview", w.UpdateReviewRequest(review=text(NO_REVIEW)), MISSING_CODE, "REVIEW_NOT_FOUND"),
    Case("UpdateReview", w.UpdateReviewRequest(review=text(HIDDEN)), MISSING_CODE, "REVIEW_NOT_FOUND"),
    Case(
        "UpdateReview",
        w.UpdateReviewRequest(review=text(MINE)),
        grpc.StatusCode.PERMISSION_DENIED,
        "NOT_OWNER",
        token("users/bob"),
    ),
    Case("UpdateReview", w.UpdateReviewRequest(review=text(MINE, etag="old")), grpc.StatusCode.ABORTED, "ETAG_MISMATCH"),
    Case(
        "UpdateReview",
        w.UpdateReviewRequest(review=text(GONE)),
        grpc.StatusCode.FAILED_PRECONDITION,
        "REVIEW_REMOVED",
        token("users/gone"),
    ),
    invalid("DeleteReview", w.DeleteReviewRequest(), "name"),
    Case("DeleteReview", w.DeleteReviewRequest(name=NO_REVIEW), MISSING_CODE, "REVIEW_NOT_FOUND"),
    Case("DeleteReview", w.DeleteReviewRequest(name=MINE, etag="old"), grpc.StatusCode.ABORTED, "ETAG_MISMATCH"),
    Case("DeleteReview", w.DeleteReviewRequest(name=MINE), grpc.StatusCode.PERMISSION_DENIED, "NOT_OWNER", token("users/bob")),
    Case("LikeReview", w.LikeReviewRequest(name=HIDDEN), MISSING_CODE, "REVIEW_NOT_FOUND"),
    Case("UnlikeReview", w.UnlikeReviewRequest(name=NO_REVIEW), MISSING_CODE, "REVIEW_NOT_FOUND"),
    invalid("LikeReview", w.LikeReviewRequest(), "name"),
    invalid("UnlikeReview", w.UnlikeReviewRequest(), "name"),
    invalid("ReportReview", w.ReportReviewRequest(name=MINE), "reason"),
    Case("ReportReview", w.ReportReviewRequest(name=NO_REVIEW, reason=w.ReportReviewRequest.REASON_SPAM), MISSING_CODE, "REVIEW_NOT_FOUND"),
    invalid("ModerateReview", w.ModerateReviewRequest(name=MINE), "state", caller=admin()),
    Case(
        "ModerateReview", w.ModerateReviewRequest(name=MINE, state=Review.STATE_HIDDEN), grpc.StatusCode.PERMISSION_DENIED, "ROLE_MISSING"
    ),
    Case("ModerateReview", w.ModerateReviewRequest(name=NO_REVIEW, state=Review.STATE_HIDDEN), MISSING_CODE, "REVIEW_NOT_FOUND", admin()),
    Case(
        "ModerateReview",
        w.ModerateReviewRequest(name=MINE, state=Review.STATE_HIDDEN, etag="old"),
        grpc.StatusCode.ABORTED,
        "ETAG_MISMATCH",
        admin(),
    ),
    Case(
        "ModerateReview",
        w.ModerateReviewRequest(name=GONE, state=Review.STATE_PUBLISHED),
        grpc.StatusCode.FAILED_PRECONDITION,
        "REVIEW_REMOVED",
        admin(),
    ),
]


async def write_reviews(stub: Any) -> None:
    """MINE of alice is published, HIDDEN of hidden is hidden, GONE of gone is removed."""
    for name, author in ((MINE, "alice"), (HIDDEN, "hidden"), (GONE, "gone")):
        review_id = name.rpartition("/")[2]
        await stub.CreateReview(
            w.CreateReviewRequest(parent="movies/tt1", review=text(), review_id=review_id), metadata=token(f"users/{author}")
        )
    for name, state in ((HIDDEN, Review.STATE_HIDDEN), (GONE, Review.STATE_REMOVED)):
        await stub.ModerateReview(w.ModerateReviewRequest(name=name, state=state), metadata=admin())


async def test_every_error_of_the_contract_is_answered_with_its_code_and_reason(running: RunningService) -> None:
    async with stub_of(running.address, RatingServiceStub) as ratings, stub_of(running.address, ReviewServiceStub) as reviews:
        await write_reviews(reviews)
        wrong = []
        for case in CASES:
            stub: Any = ratings if hasattr(ratings, case.method) else reviews
            answer = await failure(getattr(stub, case.method)(case.request, metadata=case.caller))
            found = (answer.code, answer.reason, set(answer.fields), answer.info.domain if answer.info else "")

            if found != (case.code, case.reason, set(case.fields), "reelmesh.rating"):
                wrong.append(f"{case}: {found}")
        assert wrong == []


async def test_the_table_above_has_every_method_but_the_import() -> None:
    services = (r.DESCRIPTOR.services_by_name["RatingService"], w.DESCRIPTOR.services_by_name["ReviewService"])
    methods = {method.name for service in services for method in service.methods}
    assert methods - {case.method for case in CASES} == {"ImportRatings"}


@pytest.mark.parametrize("request_", [r.ListRatingsRequest(parent="movies/m1"), r.ListRatingsRequest(parent="users/u2")])
async def test_a_page_token_of_other_arguments_is_refused(ratings: Any, request_: r.ListRatingsRequest) -> None:
    for user in ("u1", "u2", "u3"):
        await rate(ratings, "m2", user, 3)
    page = await ratings.ListRatings(r.ListRatingsRequest(parent="movies/m2", page_size=1))
    request_.page_token = page.next_page_token
    assert (await failure(ratings.ListRatings(request_))).fields == ["page_token"]
