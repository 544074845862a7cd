"""ReviewService."""

from collections.abc import Callable
from datetime import UTC, datetime

from mesh import paging
from mesh.call import Call, calling_user
from mesh.field_masks import changed_fields
from mesh.ids import uuid7
from mesh.paging import cut, position, time_position
from mesh.postgres.idempotency import once
from rating_service.application import queries, review_commands
from rating_service.application.ports import MovieDirectory, ReviewReader
from rating_service.domain.reviews import Reader, ReportReason, Review
from rating_service.infrastructure.grpc.names import id_of, two_ids_of
from rating_service.infrastructure.grpc.translate import review_message, state_from, text_from
from rating_service.infrastructure.postgres.unit_of_work import RatingUnitOfWork
from reelmesh.rating.v1 import review_pb2
from reelmesh.rating.v1.review_service_pb2 import (
    CreateReviewRequest,
    CreateReviewResponse,
    DeleteReviewRequest,
    DeleteReviewResponse,
    GetReviewRequest,
    GetReviewResponse,
    LikeReviewRequest,
    LikeReviewResponse,
    ListReviewsRequest,
    ListReviewsResponse,
    ModerateReviewRequest,
    ModerateReviewResponse,
    ReportReviewRequest,
    ReportReviewResponse,
    UnlikeReviewRequest,
    UnlikeReviewResponse,
    UpdateReviewRequest,
    UpdateReviewResponse,
)


class ReviewServicer:
    """`reelmesh.rating.v1.ReviewService`. `clock` gives the time in UTC, `new_id` the last part of a name."""

    def __init__(
        self,
        unit_of_work: Callable[[], RatingUnitOfWork],
        reviews: ReviewReader,
        movies: MovieDirectory,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = uuid7,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._reviews = reviews
        self._movies = movies
        self._clock = clock
        self._new_id = new_id

    async def CreateReview(self, request: CreateReviewRequest, call: Call) -> CreateReviewResponse:
        movie, author = id_of(request.parent), calling_user(call)
        await self._movies.require(movie)  # before the transaction: nothing remote waits inside one

        async def effect(uow: RatingUnitOfWork) -> CreateReviewResponse:
            review_id = request.review_id or self._new_id()
            review = await review_commands.create_review(uow, movie, review_id, author, text_from(request.review), self._clock())
            return CreateReviewResponse(review=_message(review, call))

        return await once(self._unit_of_work, call, request, CreateReviewResponse, effect)

    async def GetReview(self, request: GetReviewRequest, call: Call) -> GetReviewResponse:
        review = await queries.get_review(self._reviews, *two_ids_of(request.name), _reader(call))
        return GetReviewResponse(review=_message(review, call))

    async def ListReviews(self, request: ListReviewsRequest, call: Call) -> ListReviewsResponse:
        movie, size = id_of(request.parent), paging.page_size(request.page_size)
        if request.order_by == "like_count desc":
            begin = position(request, int)
            after = None if begin is None else (int(begin[0] or 0), begin[1])
            rows = await self._reviews.most_liked(movie, request.language_code, request.hide_spoilers, size + 1, after)
            page, token = cut(rows, size, request, lambda review: (review.like_count, review.review_id))
        else:
            rows = await self._reviews.latest(movie, request.language_code, request.hide_spoilers, size + 1, time_position(request))
            page, token = cut(rows, size, request, lambda review: (review.create_time, review.review_id))
        return ListReviewsResponse(reviews=[_message(review, call) for review in page], next_page_token=token)

    async def UpdateReview(self, request: UpdateReviewRequest, call: Call) -> UpdateReviewResponse:
        movie, review_id = two_ids_of(request.review.name)
        fields = changed_fields(request.update_mask, request.review, "review")
        changes = {field: getattr(request.review, field) for field in fields}

        async def effect(uow: RatingUnitOfWork) -> UpdateReviewResponse:
            review = await review_commands.update_review(uow, movie, review_id, _reader(call), changes, request.review.etag, self._clock())
            return UpdateReviewResponse(review=_message(review, call))

        return await once(self._unit_of_work, call, request, UpdateReviewResponse, effect)

    async def DeleteReview(self, request: DeleteReviewRequest, call: Call) -> DeleteReviewResponse:
        async def effect(uow: RatingUnitOfWork) -> DeleteReviewResponse:
            await review_commands.delete_review(uow, *two_ids_of(request.name), _reader(call), request.etag)
            return DeleteReviewResponse()

        return await once(self._unit_of_work, call, request, DeleteReviewResponse, effect)

    async def LikeReview(self, request: LikeReviewRequest, call: Call) -> LikeReviewResponse:
        reader = _reader(call, calling_user(call))

        async def effect(uow: RatingUnitOfWork) -> LikeReviewResponse:
            review = await review_commands.like_review(uow, *two_ids_of(request.name), reader)
            return LikeReviewResponse(review=_message(review, call))

        return await once(self._unit_of_work, call, request, LikeReviewResponse, effect)

    async def UnlikeReview(self, request: UnlikeReviewRequest, call: Call) -> UnlikeReviewResponse:
        reader = _reader(call, calling_user(call))

        async def effect(uow: RatingUnitOfWork) -> UnlikeReviewResponse:
            review = await review_commands.unlike_review(uow, *two_ids_of(request.name), reader)
            return UnlikeReviewResponse(review=_message(review, call))

        return await once(self._unit_of_work, call, request, UnlikeReviewResponse, effect)

    async def ReportReview(self, request: ReportReviewRequest, call: Call) -> ReportReviewResponse:
        reader, reason = _reader(call, calling_user(call)), ReportReason(request.reason)

        async def effect(uow: RatingUnitOfWork) -> ReportReviewResponse:
            movie, review_id = two_ids_of(request.name)
            await review_commands.report_review(uow, movie, review_id, reader, reason, request.comment, self._clock())
            return ReportReviewResponse()

        return await once(self._unit_of_work, call, request, ReportReviewResponse, effect)

    async def ModerateReview(self, request: ModerateReviewRequest, call: Call) -> ModerateReviewResponse:
        state = state_from(request.state)

        async def effect(uow: RatingUnitOfWork) -> ModerateReviewResponse:
            movie, review_id = two_ids_of(request.name)
            review = await review_commands.moderate_review(
                uow, movie, review_id, call.principal.subject, state, request.comment, request.etag, self._clock()
            )
            return ModerateReviewResponse(review=_message(review, call))

        return await once(self._unit_of_work, call, request, ModerateReviewResponse, effect)


def _reader(call: Call, user: str | None = None) -> Reader:
    subject = call.principal.subject
    id_ = subject.removeprefix("users/") if user is None else user
    return Reader(id_, call.principal.may_act_as("MODERATOR"), call.principal.may_act_as("ADMIN"))


def _message(review: Review, call: Call) -> review_pb2.Review:
    return review_message(review, with_reports=call.principal.may_act_as("MODERATOR"))
