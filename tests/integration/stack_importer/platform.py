"""A platform that keeps what is imported into it, and goes away when told to: for the importer's own behaviour."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc

from reelmesh.metadata.v1 import metadata_service_pb2 as metadata_pb
from reelmesh.metadata.v1.metadata_pb2 import MovieMetadata
from reelmesh.metadata.v1.metadata_service_pb2_grpc import MetadataServiceServicer, add_MetadataServiceServicer_to_server
from reelmesh.movie.v1 import movie_service_pb2 as movie_pb
from reelmesh.movie.v1.movie_pb2 import Movie
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceServicer, add_MovieServiceServicer_to_server
from reelmesh.rating.v1 import rating_service_pb2 as rating_pb
from reelmesh.rating.v1.rating_pb2 import ImportedRating, RejectedRating
from reelmesh.rating.v1.rating_service_pb2_grpc import RatingServiceServicer, add_RatingServiceServicer_to_server


class FakePlatform(MovieServiceServicer, MetadataServiceServicer, RatingServiceServicer):
    """From rating message `fail_at_message` on (counted over all streams) the next `failures` ones end with `failure`; `refuse` is a
    rating's name."""

    def __init__(self) -> None:
        self.movies: dict[str, Movie] = {}
        self.metadata: dict[str, MovieMetadata] = {}
        self.ratings: dict[str, tuple[str, ImportedRating]] = {}
        self.rating_messages = 0
        self.fail_at_message = 0
        self.failures = 1_000_000
        self.failure = grpc.StatusCode.UNAVAILABLE
        self.refuse = ""
        self.token = ""

    async def BatchGetMovies(self, request: movie_pb.BatchGetMoviesRequest, context: Any) -> movie_pb.BatchGetMoviesResponse:
        return movie_pb.BatchGetMoviesResponse(movies=[self.movies[name] for name in request.names if name in self.movies])

    async def ImportMovies(self, requests: AsyncIterator[movie_pb.ImportMoviesRequest], context: Any) -> movie_pb.ImportMoviesResponse:
        answer = movie_pb.ImportMoviesResponse()
        async for request in requests:
            assert 0 < len(request.movies) <= 500
            _store(self.movies, request.movies, answer)
        return answer

    async def BatchGetMovieMetadata(
        self, request: metadata_pb.BatchGetMovieMetadataRequest, context: Any
    ) -> metadata_pb.BatchGetMovieMetadataResponse:
        return metadata_pb.BatchGetMovieMetadataResponse(metadata=[self.metadata[name] for name in request.names if name in self.metadata])

    async def ImportMovieMetadata(
        self, requests: AsyncIterator[metadata_pb.ImportMovieMetadataRequest], context: Any
    ) -> metadata_pb.ImportMovieMetadataResponse:
        answer = metadata_pb.ImportMovieMetadataResponse()
        async for request in requests:
            assert 0 < len(request.metadata) <= 500
            _store(self.metadata, request.metadata, answer)
        return answer

    async def ImportRatings(self, requests: AsyncIterator[rating_pb.ImportRatingsRequest], context: Any) -> rating_pb.ImportRatingsResponse:
        answer = rating_pb.ImportRatingsResponse()
        self.token = dict(context.invocation_metadata())["authorization"]
        index = 0
        async for request in requests:
            self.rating_messages += 1
            if self.fail_at_message and 0 <= self.rating_messages - self.fail_at_message < self.failures:
                await context.abort(self.failure, "gone for a moment")
            assert 0 < len(request.ratings) <= 500
            for rating in request.ratings:
                if rating.name == self.refuse:
                    answer.rejected_count += 1
                    answer.rejected.append(RejectedRating(index=index, name=rating.name, reason="INVALID_ARGUMENT", message="not this one"))
                elif rating.name in self.ratings:
                    answer.unchanged_count += 1
                else:
                    answer.created_count += 1
                    self.ratings[rating.name] = (request.source, rating)
                index += 1
        return answer

    async def PurgeRatings(self, request: rating_pb.PurgeRatingsRequest, context: Any) -> rating_pb.PurgeRatingsResponse:
        names = [name for name, (source, _) in self.ratings.items() if source == request.source]
        for name in names if request.force else []:
            del self.ratings[name]
        return rating_pb.PurgeRatingsResponse(purge_count=len(names))


def _store(kept: dict[str, Any], messages: Any, answer: Any) -> None:
    """As the contract says: of what is there already the populated fields are changed."""
    for message in messages:
        before = kept.get(message.name)
        after = type(message)()
        if before is not None:
            after.CopyFrom(before)
            for field, _ in message.ListFields():
                after.ClearField(field.name)
        after.MergeFrom(message)
        kept[message.name] = after
        if before is None:
            answer.created_count += 1
        elif before == after:
            answer.unchanged_count += 1
        else:
            answer.updated_count += 1


@asynccontextmanager
async def listening(platform: FakePlatform) -> AsyncIterator[str]:
    """The address at which it answers."""
    server = grpc.aio.server()
    add_MovieServiceServicer_to_server(platform, server)
    add_MetadataServiceServicer_to_server(platform, server)
    add_RatingServiceServicer_to_server(platform, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)
