"""The rating context behind our ports."""

from collections.abc import Collection, Mapping, Sequence

import grpc

from mesh.gathering import Gathering
from movie_service.application.ports import CardRating
from movie_service.domain.movie import movie_id_of, movie_name
from reelmesh.rating.v1 import rating_service_pb2 as pb
from reelmesh.rating.v1.rating_pb2 import Rating, RatingSummary
from reelmesh.rating.v1.rating_service_pb2_grpc import RatingServiceStub

_PAGES_AT_ONCE = 50  # of 1,000 that are allowed: an answer is made, and read, without a pause


class GrpcRatings:
    """The ports `Ratings` and `RatingCards`."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = RatingServiceStub(channel)
        self._gathered = Gathering(self._summaries, most=_PAGES_AT_ONCE)

    async def summary(self, movie_id: str) -> RatingSummary:
        # The rating context tells something of every movie; one that it left out would be a movie without ratings.
        return await self._gathered.get(movie_id) or RatingSummary(name=_summary_name(movie_id))

    async def own_rating(self, movie_id: str, user: str) -> Rating | None:
        # In a batch, where one that is missing is an answer: gRPC's outlier ejection takes NOT_FOUND for a failure of the instance.
        request = pb.BatchGetRatingsRequest(names=[f"{movie_name(movie_id)}/ratings/{user}"])
        return next(iter((await self._stub.BatchGetRatings(request)).ratings), None)

    async def top_rated(self, size: int) -> Sequence[str]:
        response = await self._stub.ListTopRated(pb.ListTopRatedRequest(page_size=size))
        return [movie_id_of(summary.name) for summary in response.summaries]

    async def cards(self, movie_ids: Collection[str]) -> Mapping[str, CardRating]:
        summaries = await self._summaries(movie_ids)
        return {movie_id: CardRating(summary.mean, summary.count) for movie_id, summary in summaries.items() if summary.count}

    async def _summaries(self, movie_ids: Collection[str]) -> Mapping[str, RatingSummary]:
        request = pb.BatchGetRatingSummariesRequest(names=map(_summary_name, movie_ids))
        summaries = (await self._stub.BatchGetRatingSummaries(request)).summaries
        return {movie_id_of(summary.name): summary for summary in summaries}


def _summary_name(movie_id: str) -> str:
    return f"{movie_name(movie_id)}/ratingSummary"
