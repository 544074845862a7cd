"""The rating, metadata and recommender contexts as the movie context meets them: they answer, fail, dawdle, and remember who asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc

from reelmesh.metadata.v1 import metadata_service_pb2
from reelmesh.metadata.v1.metadata_pb2 import METADATA_VIEW_FULL, Image, LocalizedText, MovieMetadata
from reelmesh.metadata.v1.metadata_service_pb2_grpc import MetadataServiceServicer, add_MetadataServiceServicer_to_server
from reelmesh.rating.v1 import rating_service_pb2
from reelmesh.rating.v1.rating_pb2 import Rating, RatingSummary
from reelmesh.rating.v1.rating_service_pb2_grpc import RatingServiceServicer, add_RatingServiceServicer_to_server
from reelmesh.recommender.v1 import recommender_service_pb2
from reelmesh.recommender.v1.recommender_pb2 import Recommendation, ScoredMovie, SimilarMovies
from reelmesh.recommender.v1.recommender_service_pb2_grpc import RecommenderServiceServicer, add_RecommenderServiceServicer_to_server

# BatchGetMovieMetadata is told apart by what it asks for: the whole document of one movie, or the cards of many.
DOCUMENT = "BatchGetMovieMetadata FULL"


@dataclass(frozen=True)
class Asked:
    """One call as it arrived."""

    method: str
    request: Any
    seconds: float
    metadata: dict[str, str]


@dataclass
class Neighbours:
    """What they tell; `for_you` is by user, nobody's is the empty one.

    A method (or DOCUMENT) in `failing` answers UNAVAILABLE; one in `pausing` waits so many seconds.
    """

    ratings: dict[str, tuple[int, float]] = field(default_factory=dict)
    own: dict[str, float] = field(default_factory=dict)
    documents: dict[str, MovieMetadata] = field(default_factory=dict)
    similar: dict[str, list[str]] = field(default_factory=dict)
    for_you: dict[str, list[str]] = field(default_factory=dict)
    trending: list[str] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    pausing: dict[str, float] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def methods(self) -> list[str]:
        return sorted(asked.method for asked in self.asked)

    async def arrive(self, request: Any, context: Any) -> None:
        method = type(request).__name__.removesuffix("Request")
        if isinstance(request, metadata_service_pb2.BatchGetMovieMetadataRequest) and request.view == METADATA_VIEW_FULL:
            method = DOCUMENT
        metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        self.asked.append(Asked(method, request, context.time_remaining(), metadata))
        if method in self.failing:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        await asyncio.sleep(self.pausing.get(method, 0.0))

    def summary(self, name: str) -> RatingSummary:
        count, mean = self.ratings.get(name.removesuffix("/ratingSummary"), (0, 0.0))
        return RatingSummary(name=name, count=count, mean=mean)

    def document(self, name: str, language: str) -> MovieMetadata:
        document = MovieMetadata()
        document.CopyFrom(self.documents[name])
        document.resolved.CopyFrom(LocalizedText(language_code=language, title=f"{document.resolved.title} {language}".strip()))
        return document


class _Ratings(RatingServiceServicer):
    def __init__(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours

    async def BatchGetRatings(self, request: Any, context: Any) -> Any:
        await self._neighbours.arrive(request, context)
        own = self._neighbours.own
        ratings = [Rating(name=name, score=own[name]) for name in request.names if name in own]
        return rating_service_pb2.BatchGetRatingsResponse(ratings=ratings)

    async def ListTopRated(self, request: Any, context: Any) -> Any:
        await self._neighbours.arrive(request, context)
        best = sorted(self._neighbours.ratings, key=lambda name: -self._neighbours.ratings[name][1])[: request.page_size]
        return rating_service_pb2.ListTopRatedResponse(summaries=[self._neighbours.summary(f"{name}/ratingSummary") for name in best])

    async def BatchGetRatingSummaries(self, request: Any, context: Any) -> Any:
        await self._neighbours.arrive(request, context)
        return rating_service_pb2.BatchGetRatingSummariesResponse(summaries=map(self._neighbours.summary, request.names))


class _Metadata(MetadataServiceServicer):
    def __init__(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours

    async def BatchGetMovieMetadata(self, request: Any, context: Any) -> Any:
        await self._neighbours.arrive(request, context)
        found = [name for name in request.names if name in self._neighbours.documents]
        documents = [self._neighbours.document(name, _language(context)) for name in found]
        return metadata_service_pb2.BatchGetMovieMetadataResponse(metadata=documents)


class _Recommender(RecommenderServiceServicer):
    def __init__(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours

    async def BatchListSimilarMovies(self, request: Any, context: Any) -> Any:
        await self._neighbours.arrive(request, context)
        found = {parent: _scored(self._neighbours.similar.get(parent, [])[: request.page_size]) for parent in request.parents}
        lists = [SimilarMovies(movie=parent, movies=movies) for parent, movies in found.items()]
        return recommender_service_pb2.BatchListSimilarMoviesResponse(lists=lists)

    async def ListTrendingMovies(self, request: Any, context: Any) -> Any:
        await self._neighbours.arrive(request, context)
        return recommender_service_pb2.ListTrendingMoviesResponse(movies=_scored(self._neighbours.trending[: request.page_size]))

    async def RecommendMovies(self, request: Any, context: Any) -> Any:
        await self._neighbours.arrive(request, context)
        signed_in = "authorization" in dict(context.invocation_metadata())
        found = self._neighbours.for_you.get("alice" if signed_in else "", [])
        return recommender_service_pb2.RecommendMoviesResponse(recommendations=[Recommendation(movie=name) for name in found])


def _scored(names: list[str]) -> list[ScoredMovie]:
    return [ScoredMovie(movie=name, score=1 / place) for place, name in enumerate(names, start=1)]


def _language(context: Any) -> str:
    return str(dict(context.invocation_metadata()).get("accept-language", "")).partition(",")[0]


def document(movie: str, title: str) -> MovieMetadata:
    images = [Image(kind=Image.KIND_STILL, uri="https://x/still"), Image(kind=Image.KIND_POSTER, uri=f"https://x/{title}")]
    return MovieMetadata(name=f"{movie}/metadata", images=images, resolved=LocalizedText(title=title))


@asynccontextmanager
async def serving_neighbours(neighbours: Neighbours) -> AsyncIterator[str]:
    """The address at which all of them listen."""
    server = grpc.aio.server()
    # Only what the movie context asks for: to a type checker they are incomplete.
    ratings: Any = _Ratings
    metadata: Any = _Metadata
    recommender: Any = _Recommender
    add_RatingServiceServicer_to_server(ratings(neighbours), server)
    add_MetadataServiceServicer_to_server(metadata(neighbours), server)
    add_RecommenderServiceServicer_to_server(recommender(neighbours), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)
