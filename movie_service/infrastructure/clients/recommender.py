"""The recommender context behind our ports; the channel passes on who the current call is for."""

from collections.abc import Sequence

import grpc

from movie_service.application.ports import Likeness
from movie_service.domain.movie import movie_id_of, movie_name
from reelmesh.recommender.v1 import recommender_service_pb2 as pb
from reelmesh.recommender.v1.recommender_service_pb2_grpc import RecommenderServiceStub


class GrpcRecommender:
    """The ports `SimilarMovies` and `Recommended`."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = RecommenderServiceStub(channel)

    async def similar(self, movie_id: str, size: int) -> Sequence[Likeness]:
        response = await self._stub.ListSimilarMovies(pb.ListSimilarMoviesRequest(parent=movie_name(movie_id), page_size=size))
        return [Likeness(movie_id_of(each.movie), each.score) for each in response.movies]

    async def for_caller(self, size: int) -> Sequence[str]:
        response = await self._stub.RecommendMovies(pb.RecommendMoviesRequest(count=size))
        return [movie_id_of(each.movie) for each in response.recommendations]

    async def trending(self, size: int) -> Sequence[str]:
        response = await self._stub.ListTrendingMovies(pb.ListTrendingMoviesRequest(page_size=size))
        return [movie_id_of(each.movie) for each in response.movies]
