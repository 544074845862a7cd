"""Short ways to make the calls that most tests of ratings make."""

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from reelmesh.rating.v1.rating_pb2 import ImportedRating, Rating, RatingSummary
from reelmesh.rating.v1.rating_service_pb2 import GetRatingSummaryRequest, ImportRatingsRequest, RateMovieRequest
from tests.services import token


async def rate(stub: Any, movie: str, user: str, score: float, **more: Any) -> Rating:
    response = await stub.RateMovie(RateMovieRequest(name=f"movies/{movie}", score=score, **more), metadata=token(f"users/{user}"))
    rating: Rating = response.rating
    return rating


async def summary_of(stub: Any, movie: str) -> RatingSummary:
    summary: RatingSummary = (await stub.GetRatingSummary(GetRatingSummaryRequest(name=f"movies/{movie}/ratingSummary"))).summary
    return summary


def given(movie: str, user: str, score: float, seconds: int | None = None) -> ImportedRating:
    """A rating for an import, given that many seconds after 1970."""
    time = None if seconds is None else Timestamp(seconds=seconds)
    return ImportedRating(name=f"movies/{movie}/ratings/{user}", score=score, rate_time=time)


def stream(*messages: Iterable[ImportedRating], source: str = "demo", **more: Any) -> Iterator[ImportRatingsRequest]:
    """One request for each list; the source is in the first one only."""
    for number, ratings in enumerate(messages):
        yield ImportRatingsRequest(ratings=ratings, **({"source": source, **more} if number == 0 else {}))
