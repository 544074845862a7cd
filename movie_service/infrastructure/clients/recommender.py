"""The recommender context behind our ports; the channel passes on who the current call is for."""

from collections.abc import Mapping, Sequence

import grpc

from mesh.gathering import Gathering
from movie_service.application.ports import Likeness
from movie_service.domain.movie import movie_id_of, movie_name
from reelmesh.recommender.v1 import recommender_service_pb2 as pb
from reelmesh.recommender.v1.recommender_service_pb2_grpc import RecommenderServiceStub

_LISTS_AT_ONCE = 20  # that many may be asked for


class GrpcRecommender:
    """The ports `SimilarMovies` and `Recommended`."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = RecommenderServiceStub(channel)
        self._gathered = Gathering(self._similar, most=_LISTS_AT_ONCE)

    async def similar(self, movie_id: str, size: int) -> Sequence[Likeness]:
        return await self._gathered.get((movie_id, size)) or ()

    async def for_caller(self, size: int) -> Sequence[str]:
        response = await self._stub.RecommendMovies(pb.RecommendMoviesRequest(count=size))
        return [movie_id_of(each.movie) for each in response.recommendations]

    async def trending(self, size: int) -> Sequence[str]:
        response = await self._stub.ListTrendingMovies(pb.ListTrendingMoviesRequest(page_size=size))
        return [movie_id_of(each.movie) for each in response.movies]

    async def _similar(self, wanted: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], Sequence[Likeness]]:
        names = dict.fromkeys(movie_name(movie_id) for movie_id, _ in wanted)
        most = max(size for _, size in wanted)  # a longer list begins with the shorter one
        response = await self._stub.BatchListSimilarMovies(pb.BatchListSimilarMoviesRequest(parents=names, page_size=most))
        lists = {movie_id_of(each.movie): [Likeness(movie_id_of(one.movie), one.score) for one in each.movies] for each in response.lists}
        return {(movie_id, size): lists[movie_id][:size] for movie_id, size in wanted}
