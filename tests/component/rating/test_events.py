"""What a change tells other contexts, and what this one hears from them, through a real NATS."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import nats
import pytest
from google.protobuf.message import Message
from nats.js.api import DeliverPolicy

from mesh.events.streams import EVENTS, ensure_streams
from mesh.server import RunningService
from rating_service.__main__ import MIGRATIONS
from rating_service.bootstrap import build
from reelmesh.movie.v1.events_pb2 import MovieDeleted
from reelmesh.movie.v1.movie_pb2 import Movie
from reelmesh.rating.v1 import events_pb2
from reelmesh.rating.v1.rating_service_pb2 import RateMovieRequest, UnrateMovieRequest
from reelmesh.rating.v1.review_pb2 import Review
from reelmesh.rating.v1.review_service_pb2 import CreateReviewRequest, DeleteReviewRequest, UpdateReviewRequest
from tests.component.known_movies import KnownMovies, serving_movies
from tests.component.rating.asking import rate
from tests.services import failure, serving, token


@pytest.fixture
async def running(empty_database_url: str, tmp_path: Path, movies: KnownMovies, nats_server: str) -> AsyncIterator[RunningService]:
    async with (
        serving_movies(movies) as address,
        serving("rating", build, MIGRATIONS, empty_database_url, tmp_path, nats_url=nats_server, dial=lambda _: address) as service,
    ):
        yield service


@pytest.fixture
async def client(nats_server: str) -> AsyncIterator[Any]:
    client = await nats.connect(nats_server)
    await ensure_streams(client)
    yield client
    await client.close()


async def published(client: Any, count: int) -> list[Message]:
    """The first `count` events of this context in the stream."""
    subscription = await client.jetstream().subscribe(
        "events.rating.>", stream=EVENTS, ordered_consumer=True, deliver_policy=DeliverPolicy.ALL
    )
    found = []
    for _ in range(count):
        message = await subscription.next_msg(timeout=5)
        kind = getattr(events_pb2, message.headers["reelmesh-type"].rpartition(".")[2])
        found.append(kind.FromString(message.data))
    await subscription.unsubscribe()
    return found


async def test_every_change_of_a_rating_is_told_with_the_summary_after_it(ratings: Any, client: Any) -> None:
    await rate(ratings, "tt1", "alice", 2)
    await rate(ratings, "tt1", "alice", 2)
    changed = await rate(ratings, "tt1", "alice", 4)
    await ratings.UnrateMovie(UnrateMovieRequest(name="movies/tt1"), metadata=token())
    told: list[Any] = await published(client, 6)
    assert [type(event).__name__ for event in told] == [
        "MovieRated",
        "RatingSummaryChanged",
        "MovieRated",
        "RatingSummaryChanged",
        "MovieUnrated",
        "RatingSummaryChanged",
    ]
    assert not told[0].HasField("previous_score")
    assert (told[2].previous_score, told[2].rating) == (2, changed)
    assert told[4].rating == changed
    assert [event.summary.mean for event in told[1::2]] == [2, 4, 0]


async def test_every_change_of_a_review_is_told(reviews: Any, client: Any) -> None:
    create = CreateReviewRequest(parent="movies/tt1", review=Review(language_code="en", text="Good."))
    review = (await reviews.CreateReview(create, metadata=token())).review
    change = UpdateReviewRequest(review=Review(name=review.name, text="Better."))
    changed = (await reviews.UpdateReview(change, metadata=token())).review
    await reviews.DeleteReview(DeleteReviewRequest(name=review.name), metadata=token())
    told: list[Any] = await published(client, 3)
    assert told == [
        events_pb2.ReviewPublished(review=review),
        events_pb2.ReviewChanged(review=changed),
        events_pb2.ReviewRemoved(review=changed),
    ]


async def test_a_movie_that_is_deleted_can_soon_no_longer_be_rated(ratings: Any, client: Any, movies: KnownMovies) -> None:
    await rate(ratings, "tt1", "alice", 2)
    await asyncio.sleep(0.5)  # the service listens by now; if it does not, it forgets everything once it does
    await rate(ratings, "tt1", "bob", 2)
    movies.deleted.add("movies/tt1")
    event = MovieDeleted(movie=Movie(name="movies/tt1", state=Movie.STATE_DELETED))
    headers = {
        "Nats-Msg-Id": "0193c0de-0000-7000-8000-000000000000",
        "reelmesh-type": MovieDeleted.DESCRIPTOR.full_name,
        "reelmesh-key": "movies/tt1",
        "reelmesh-time": "2026-01-01T00:00:00+00:00",
    }
    await client.jetstream().publish("events.movie.MovieDeleted", event.SerializeToString(), headers=headers)
    await asyncio.sleep(0.5)
    call = ratings.RateMovie(RateMovieRequest(name="movies/tt1", score=4), metadata=token("users/zoe"))
    assert (await failure(call)).reason == "MOVIE_NOT_FOUND"
