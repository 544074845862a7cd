"""Two replicas and real events: whatever changes anywhere is seen in at most a second."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import grpc
import pytest
from google.protobuf.message import Message

from mesh.server import RunningService
from movie_service.__main__ import MIGRATIONS
from movie_service.bootstrap import build
from reelmesh.metadata.v1.events_pb2 import MovieMetadataChanged
from reelmesh.metadata.v1.metadata_pb2 import MovieMetadata
from reelmesh.movie.v1 import movie_service_pb2 as pb
from reelmesh.movie.v1.movie_pb2 import Movie
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceStub
from reelmesh.rating.v1.events_pb2 import RatingSummaryChanged
from reelmesh.rating.v1.rating_pb2 import RatingSummary
from reelmesh.recommender.v1.events_pb2 import ModelActivated
from reelmesh.recommender.v1.recommender_pb2 import Model
from tests.component.movie.neighbours import DOCUMENT, Neighbours, document, serving_neighbours
from tests.component.movie.stubs import Movies
from tests.publishing import publish_event
from tests.services import admin, serving

NAME = "movies/tt1"
REQUEST = pb.GetMovieDetailsRequest(name=NAME)


@pytest.fixture
async def replicas(
    empty_database_url: str, tmp_path: Path, neighbours: Neighbours, nats_server: str
) -> AsyncIterator[list[RunningService]]:
    async with serving_neighbours(neighbours) as address:
        arguments = ("movie", build, MIGRATIONS, empty_database_url, tmp_path)
        async with (
            serving(*arguments, nats_url=nats_server, dial=lambda context: address) as one,
            serving(*arguments, nats_url=nats_server, dial=lambda context: address) as other,
        ):
            # Longer than answers live while no events arrive: from here on it is events that make them old.
            await asyncio.sleep(1.0)
            yield [one, other]


@pytest.fixture
async def stubs(replicas: list[RunningService]) -> AsyncIterator[list[Movies]]:
    async with grpc.aio.insecure_channel(replicas[0].address) as one, grpc.aio.insecure_channel(replicas[1].address) as other:
        yield [MovieServiceStub(one), MovieServiceStub(other)]


@pytest.fixture(autouse=True)
async def known(stubs: list[Movies], neighbours: Neighbours) -> None:
    await stubs[0].CreateMovie(pb.CreateMovieRequest(movie=Movie(title="Film"), movie_id="tt1"), metadata=admin())
    neighbours.ratings[NAME] = (3, 4.5)
    neighbours.documents[f"{NAME}/metadata"] = document(NAME, "Told")
    await asyncio.sleep(0.2)  # the event of the creation has arrived


async def publish(replica: RunningService, event: Message) -> None:
    await publish_event(await replica.foundation.bus.client(), event, NAME)


async def seen_within_a_second(condition: Callable[[], Awaitable[bool]]) -> None:
    started = time.monotonic()
    while not await condition():
        assert time.monotonic() - started < 1.0
        await asyncio.sleep(0.01)


async def test_answers_are_kept_while_nothing_happens(stubs: list[Movies], neighbours: Neighbours) -> None:
    for _ in range(5):
        await stubs[0].GetMovieDetails(REQUEST)
        await asyncio.sleep(0.3)
    assert neighbours.methods() == [DOCUMENT, "BatchGetRatingSummaries", "BatchListSimilarMovies"]


async def test_another_model_is_seen(stubs: list[Movies], replicas: list[RunningService], neighbours: Neighbours) -> None:
    await stubs[0].CreateMovie(pb.CreateMovieRequest(movie=Movie(title="Like it"), movie_id="tt2"), metadata=admin())
    assert not (await stubs[0].GetMovieDetails(REQUEST)).similar
    neighbours.similar[NAME] = ["movies/tt2"]
    await publish(replicas[1], ModelActivated(model=Model(name="models/other")))

    async def seen() -> bool:
        return bool((await stubs[0].GetMovieDetails(REQUEST)).similar)

    await seen_within_a_second(seen)


async def test_a_new_rating_is_seen(stubs: list[Movies], replicas: list[RunningService], neighbours: Neighbours) -> None:
    assert [(await stub.GetMovieDetails(REQUEST)).summary.count for stub in stubs] == [3, 3]
    neighbours.ratings[NAME] = (4, 4.5)
    await publish(replicas[0], RatingSummaryChanged(summary=RatingSummary(name=f"{NAME}/ratingSummary", count=4)))

    async def seen() -> bool:
        return [(await stub.GetMovieDetails(REQUEST)).summary.count for stub in stubs] == [4, 4]

    await seen_within_a_second(seen)


async def test_new_metadata_is_seen(stubs: list[Movies], replicas: list[RunningService], neighbours: Neighbours) -> None:
    await stubs[0].GetMovieDetails(REQUEST)
    neighbours.documents[f"{NAME}/metadata"] = document(NAME, "Told anew")
    await publish(replicas[1], MovieMetadataChanged(metadata=MovieMetadata(name=f"{NAME}/metadata")))

    async def seen() -> bool:
        return (await stubs[0].GetMovieDetails(REQUEST)).metadata.resolved.title == "Told anew"

    await seen_within_a_second(seen)


async def test_a_change_made_at_one_replica_is_seen_at_the_other(stubs: list[Movies]) -> None:
    one, other = stubs
    assert (await other.GetMovie(pb.GetMovieRequest(name=NAME))).movie.title == "Film"
    await other.GetMovieDetails(REQUEST)
    await one.UpdateMovie(pb.UpdateMovieRequest(movie=Movie(name=NAME, title="Other")), metadata=admin())

    async def seen() -> bool:
        movie = (await other.GetMovie(pb.GetMovieRequest(name=NAME))).movie
        return (movie.title, (await other.GetMovieDetails(REQUEST)).movie.title) == ("Other", "Other")

    await seen_within_a_second(seen)


async def test_an_answer_that_was_being_made_when_the_event_came_is_not_kept(
    stubs: list[Movies], replicas: list[RunningService], neighbours: Neighbours
) -> None:
    neighbours.pausing[DOCUMENT] = 0.5
    overtaken = asyncio.ensure_future(stubs[0].GetMovieDetails(REQUEST))
    await asyncio.sleep(0.1)  # the summary has been read by now
    neighbours.pausing.clear()
    neighbours.ratings[NAME] = (4, 4.5)
    await publish(replicas[0], RatingSummaryChanged(summary=RatingSummary(name=f"{NAME}/ratingSummary", count=4)))
    assert (await overtaken).summary.count == 3
    assert (await stubs[0].GetMovieDetails(REQUEST)).summary.count == 4
