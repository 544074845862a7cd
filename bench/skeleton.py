"""Four bare `grpc.aio` servers that make GetMovieDetails from the platform's own rows with raw psycopg.

`python -m bench.skeleton movie|rating|metadata|recommender DATABASE_URL [ADDRESS …]`; movie takes the addresses of the other three, in
this order. It has no deadline, no cache, no check, no trace and no language but the document's own; rows go straight into messages. What
it answers is what the platform answers: `bench.details` compares the two before it measures. It is asked for copies of films that no
recommender has heard of: its own has nothing to say of any movie, which for these is what the platform's says too.
"""

import argparse
import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Any

import grpc
import psycopg
from google.protobuf.timestamp_pb2 import Timestamp
from psycopg_pool import AsyncConnectionPool

from bench.serving import serve_until_stopped
from reelmesh.metadata.v1.metadata_pb2 import CastMember, CrewMember, Image, LocalizedText, MovieMetadata
from reelmesh.metadata.v1.metadata_service_pb2 import GetMovieMetadataRequest, GetMovieMetadataResponse
from reelmesh.metadata.v1.metadata_service_pb2_grpc import (
    MetadataServiceServicer,
    MetadataServiceStub,
    add_MetadataServiceServicer_to_server,
)
from reelmesh.movie.v1.movie_pb2 import Movie
from reelmesh.movie.v1.movie_service_pb2 import GetMovieDetailsRequest, GetMovieDetailsResponse
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceServicer, add_MovieServiceServicer_to_server
from reelmesh.rating.v1.rating_pb2 import RatingSummary, ScoreCount
from reelmesh.rating.v1.rating_service_pb2 import GetRatingSummaryRequest, GetRatingSummaryResponse
from reelmesh.rating.v1.rating_service_pb2_grpc import RatingServiceServicer, RatingServiceStub, add_RatingServiceServicer_to_server
from reelmesh.recommender.v1.recommender_service_pb2 import ListSimilarMoviesRequest, ListSimilarMoviesResponse
from reelmesh.recommender.v1.recommender_service_pb2_grpc import (
    RecommenderServiceServicer,
    RecommenderServiceStub,
    add_RecommenderServiceServicer_to_server,
)

if TYPE_CHECKING:  # they exist for type checkers only
    from reelmesh.metadata.v1.metadata_service_pb2_grpc import MetadataServiceAsyncStub
    from reelmesh.rating.v1.rating_service_pb2_grpc import RatingServiceAsyncStub
    from reelmesh.recommender.v1.recommender_service_pb2_grpc import RecommenderServiceAsyncStub

Pool = AsyncConnectionPool[psycopg.AsyncConnection[tuple[Any, ...]]]

_MOVIE = b"""
    SELECT id, title, original_title, release_year, release_date, runtime_seconds, original_language, genres, create_time, update_time,
        revision
    FROM movies WHERE id = %s
"""
_SUMMARY = b"""
    SELECT score_1, score_2, score_3, score_4, score_5, score_6, score_7, score_8, score_9, score_10,
        rating_count, half_stars, bayesian_mean, update_time FROM rating_summaries WHERE movie_id = %s
"""
_DOCUMENT = b"SELECT revision, card, details, localizations, create_time, update_time FROM movie_metadata WHERE movie = %s"


async def _row(pool: Pool, query: bytes, key: str) -> tuple[Any, ...]:
    async with pool.connection() as connection:
        row = await (await connection.execute(query, (key,))).fetchone()
    assert row is not None
    return row


def _time(moment: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(moment)
    return message


class BareMovies(MovieServiceServicer):
    """Asks the others while it reads its own row."""

    def __init__(
        self,
        pool: Pool,
        ratings: "RatingServiceAsyncStub",
        documents: "MetadataServiceAsyncStub",
        recommender: "RecommenderServiceAsyncStub",
    ) -> None:
        self._pool, self._ratings, self._documents, self._recommender = pool, ratings, documents, recommender

    async def GetMovieDetails(self, request: GetMovieDetailsRequest, context: Any) -> GetMovieDetailsResponse:
        name = request.name
        summary, document, _, row = await asyncio.gather(
            self._ratings.GetRatingSummary(GetRatingSummaryRequest(name=f"{name}/ratingSummary")),
            self._documents.GetMovieMetadata(GetMovieMetadataRequest(name=f"{name}/metadata")),
            self._recommender.ListSimilarMovies(ListSimilarMoviesRequest(parent=name, page_size=15)),
            _row(self._pool, _MOVIE, name[7:]),
        )
        _, title, original_title, year, day, runtime, language, genres, create_time, update_time, revision = row
        movie = Movie(
            name=name,
            title=title,
            original_title=original_title,
            release_year=year,
            release_date=day.isoformat() if day else "",
            original_language=language,
            genres=genres,
            state=Movie.STATE_ACTIVE,
            create_time=_time(create_time),
            update_time=_time(update_time),
            etag=f"r{revision}",
        )
        if runtime is not None:
            movie.runtime.seconds = runtime
        return GetMovieDetailsResponse(movie=movie, summary=summary.summary, metadata=document.metadata)


class BareRatings(RatingServiceServicer):
    """Summaries alone."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def GetRatingSummary(self, request: GetRatingSummaryRequest, context: Any) -> GetRatingSummaryResponse:
        *scores, count, half_stars, bayesian_mean, update_time = await _row(self._pool, _SUMMARY, request.name.split("/")[1])
        summary = RatingSummary(
            name=request.name,
            count=count,
            mean=half_stars / (2 * count) if count else 0.0,
            bayesian_mean=bayesian_mean,
            histogram=[ScoreCount(score=half / 2, count=number) for half, number in enumerate(scores, start=1)] if count else [],
            update_time=_time(update_time),
        )
        return GetRatingSummaryResponse(summary=summary)


class BareMetadata(MetadataServiceServicer):
    """Whole documents alone."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def GetMovieMetadata(self, request: GetMovieMetadataRequest, context: Any) -> GetMovieMetadataResponse:
        revision, card, details, texts, create_time, update_time = await _row(self._pool, _DOCUMENT, request.name.split("/")[1])
        document = MovieMetadata(
            name=request.name,
            original_language=card["original_language"],
            genres=card["genres"],
            keywords=details["keywords"],
            cast=[CastMember(**{**member, "person": f"people/{member['person']}"}) for member in details["cast"]],
            crew=[CrewMember(**{**maker, "person": f"people/{maker['person']}"}) for maker in details["crew"]],
            countries=card["countries"],
            spoken_languages=card["spoken_languages"],
            images=[Image(**{**image, "kind": f"KIND_{image['kind'].upper()}"}) for image in card["images"]],
            external_ids=card["external_ids"],
            localizations=[LocalizedText(**text) for text in texts],
            resolved=LocalizedText(**card["untold"]) if card["untold"] else None,
            create_time=_time(create_time),
            update_time=_time(update_time),
            etag=f"r{revision}",
        )
        if card["runtime"] is not None:
            document.runtime.seconds = card["runtime"]
        return GetMovieMetadataResponse(metadata=document)


class BareRecommender(RecommenderServiceServicer):
    """Knows nothing."""

    async def ListSimilarMovies(self, request: ListSimilarMoviesRequest, context: Any) -> ListSimilarMoviesResponse:
        return ListSimilarMoviesResponse()


async def _serve(context: str, url: str, addresses: list[str]) -> None:
    server = grpc.aio.server()
    channels = [grpc.aio.insecure_channel(address) for address in addresses]
    # Prepared at once, as the platform does it.
    async with Pool(url, min_size=1, max_size=10, kwargs={"autocommit": True, "prepare_threshold": 0}, open=False) as pool:
        match context:
            case "movie":
                ratings, documents, recommender = channels
                stubs = RatingServiceStub(ratings), MetadataServiceStub(documents), RecommenderServiceStub(recommender)
                add_MovieServiceServicer_to_server(BareMovies(pool, *stubs), server)  # type: ignore[abstract]  # the other methods answer UNIMPLEMENTED
            case "rating":
                add_RatingServiceServicer_to_server(BareRatings(pool), server)  # type: ignore[abstract]  # the other methods answer UNIMPLEMENTED
            case "metadata":
                add_MetadataServiceServicer_to_server(BareMetadata(pool), server)  # type: ignore[abstract]  # the other methods answer UNIMPLEMENTED
            case "recommender":
                add_RecommenderServiceServicer_to_server(BareRecommender(), server)  # type: ignore[abstract]  # the other methods answer UNIMPLEMENTED
        await serve_until_stopped(server)
        for channel in channels:
            await channel.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("context", choices=["movie", "rating", "metadata", "recommender"])
    parser.add_argument("url")
    parser.add_argument("addresses", nargs="*")
    chosen = parser.parse_args()
    asyncio.run(_serve(chosen.context, chosen.url, chosen.addresses))
