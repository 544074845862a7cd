"""RatingService."""

from collections.abc import AsyncIterator, Callable

from mesh import paging
from mesh.call import Call, calling_user
from mesh.paging import cut, position, time_position
from mesh.postgres.idempotency import once
from rating_service.application import queries
from rating_service.application.ports import MovieDirectory, RatingReader
from rating_service.application.rating_commands import purge_ratings, rate_movie, unrate_movie
from rating_service.infrastructure.events.announcer import SummaryAnnouncer
from rating_service.infrastructure.grpc.importing import RatingImport
from rating_service.infrastructure.grpc.names import id_of, two_ids_of
from rating_service.infrastructure.grpc.translate import half_stars, rating_message, similarity_message, summary_message
from rating_service.infrastructure.postgres.unit_of_work import RatingUnitOfWork
from reelmesh.rating.v1.rating_service_pb2 import (
    BatchGetRatingsRequest,
    BatchGetRatingsResponse,
    BatchGetRatingSummariesRequest,
    BatchGetRatingSummariesResponse,
    GetRatingRequest,
    GetRatingResponse,
    GetRatingSummaryRequest,
    GetRatingSummaryResponse,
    GetTasteSimilarityRequest,
    GetTasteSimilarityResponse,
    ImportRatingsRequest,
    ImportRatingsResponse,
    ListRatingsRequest,
    ListRatingsResponse,
    ListTopRatedRequest,
    ListTopRatedResponse,
    PurgeRatingsRequest,
    PurgeRatingsResponse,
    RateMovieRequest,
    RateMovieResponse,
    UnrateMovieRequest,
    UnrateMovieResponse,
)


class RatingServicer:
    """`reelmesh.rating.v1.RatingService`."""

    def __init__(
        self,
        unit_of_work: Callable[[], RatingUnitOfWork],
        ratings: RatingReader,
        movies: MovieDirectory,
        importing: RatingImport,
        announcer: SummaryAnnouncer,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._ratings = ratings
        self._movies = movies
        self._importing = importing
        self._announcer = announcer

    async def RateMovie(self, request: RateMovieRequest, call: Call) -> RateMovieResponse:
        movie, user = id_of(request.name), calling_user(call)
        await self._movies.require(movie)  # before the transaction: nothing remote waits inside one

        async def effect(uow: RatingUnitOfWork) -> RateMovieResponse:
            return RateMovieResponse(rating=rating_message(await rate_movie(uow, movie, user, half_stars(request.score))))

        return await once(self._unit_of_work, call, request, RateMovieResponse, effect)

    async def UnrateMovie(self, request: UnrateMovieRequest, call: Call) -> UnrateMovieResponse:
        movie, user = id_of(request.name), calling_user(call)

        async def effect(uow: RatingUnitOfWork) -> UnrateMovieResponse:
            return UnrateMovieResponse(rating=rating_message(await unrate_movie(uow, movie, user)))

        return await once(self._unit_of_work, call, request, UnrateMovieResponse, effect)

    async def GetRating(self, request: GetRatingRequest, call: Call) -> GetRatingResponse:
        return GetRatingResponse(rating=rating_message(await queries.get_rating(self._ratings, *two_ids_of(request.name))))

    async def BatchGetRatings(self, request: BatchGetRatingsRequest, call: Call) -> BatchGetRatingsResponse:
        wanted = {two_ids_of(name): name for name in request.names}
        found = await self._ratings.ratings(list(wanted))
        return BatchGetRatingsResponse(
            ratings=[rating_message(found[ids]) for ids in wanted if ids in found],
            missing_names=[name for ids, name in wanted.items() if ids not in found],
        )

    async def ListRatings(self, request: ListRatingsRequest, call: Call) -> ListRatingsResponse:
        size, after, parent = paging.page_size(request.page_size), time_position(request), id_of(request.parent)
        if request.parent.startswith("movies/"):
            rows = await self._ratings.of_movie(parent, size + 1, after)
            page, token = cut(rows, size, request, lambda rating: (rating.update_time, rating.user))
        else:
            rows = await self._ratings.of_user(parent, size + 1, after)
            page, token = cut(rows, size, request, lambda rating: (rating.update_time, rating.movie))
        return ListRatingsResponse(ratings=map(rating_message, page), next_page_token=token)

    async def GetRatingSummary(self, request: GetRatingSummaryRequest, call: Call) -> GetRatingSummaryResponse:
        return GetRatingSummaryResponse(summary=summary_message(await self._ratings.summary(id_of(request.name))))

    async def BatchGetRatingSummaries(self, request: BatchGetRatingSummariesRequest, call: Call) -> BatchGetRatingSummariesResponse:
        summaries = await self._ratings.summaries([id_of(name) for name in request.names])
        return BatchGetRatingSummariesResponse(summaries=map(summary_message, summaries))

    async def ListTopRated(self, request: ListTopRatedRequest, call: Call) -> ListTopRatedResponse:
        size, begin = paging.page_size(request.page_size), position(request, (int, float))
        after = None if begin is None else (float(begin[0] or 0), begin[1])
        rows = await self._ratings.top_rated(request.min_rating_count, size + 1, after)
        page, token = cut(rows, size, request, lambda summary: (summary.bayesian_mean, summary.movie))
        return ListTopRatedResponse(summaries=map(summary_message, page), next_page_token=token)

    async def GetTasteSimilarity(self, request: GetTasteSimilarityRequest, call: Call) -> GetTasteSimilarityResponse:
        similarity = await queries.get_taste_similarity(self._ratings, id_of(request.user), id_of(request.other_user))
        return GetTasteSimilarityResponse(similarity=similarity_message(similarity))

    async def ImportRatings(self, requests: AsyncIterator[ImportRatingsRequest], call: Call) -> ImportRatingsResponse:
        return await self._importing.run(requests, call)

    async def PurgeRatings(self, request: PurgeRatingsRequest, call: Call) -> PurgeRatingsResponse:
        async def effect(uow: RatingUnitOfWork) -> PurgeRatingsResponse:
            return PurgeRatingsResponse(purge_count=await purge_ratings(uow, request.source, request.force))

        response = await once(self._unit_of_work, call, request, PurgeRatingsResponse, effect)
        await self._announcer.announce_all()
        return response
