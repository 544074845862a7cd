"""What is recorded: once, by the caller and nobody else, kept across a restart, and heard from other contexts through a real NATS."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from mesh.postgres.statements import text_statement
from mesh.server import Foundation, RunningService, Service
from recommender_service.__main__ import MIGRATIONS
from recommender_service.bootstrap import build_with
from recommender_service.infrastructure.settings import RecommenderSettings
from reelmesh.library.v1.events_pb2 import ViewingProgressRecorded
from reelmesh.library.v1.library_pb2 import Viewing
from reelmesh.movie.v1.events_pb2 import MovieCreated
from reelmesh.rating.v1.events_pb2 import MovieRated
from reelmesh.recommender.v1.recommender_pb2 import Interaction
from reelmesh.recommender.v1.recommender_service_pb2 import (
    ListSimilarMoviesRequest,
    ListTrendingMoviesRequest,
    RecommendMoviesRequest,
    RecordInteractionsRequest,
    RecordInteractionsResponse,
)
from reelmesh.recommender.v1.recommender_service_pb2_grpc import RecommenderServiceStub
from tests.component.recommender.telling import Telling, film, soon
from tests.publishing import publish_event
from tests.services import failure, serving, stub_of, token

COUNT = text_statement("SELECT count(*) FROM interactions")


@pytest.fixture(autouse=True)
async def catalogue(tell: Telling, recommender: Any) -> None:
    await tell.movies(*(film(each, "drama") for each in "abc"))
    await tell.rated("somebody", a=5, b=4, c=1)
    await tell.rated("somebody-else", a=5)
    await soon(lambda: listed(recommender), lambda found: found == ["a", "b", "c"])


async def listed(stub: Any, user: str = "") -> list[str]:
    answer = await stub.RecommendMovies(RecommendMoviesRequest(), metadata=token(f"users/{user}") if user else ())
    return [each.movie.removeprefix("movies/") for each in answer.recommendations]


def did(movie: str, kind: Interaction.Kind.ValueType, **more: Any) -> Interaction:
    return Interaction(movie=f"movies/{movie}", kind=kind, **more)


async def record(stub: Any, *messages: list[Interaction], user: str = "alice", **more: Any) -> RecordInteractionsResponse:
    requests = [RecordInteractionsRequest(interactions=each, **(more if not number else {})) for number, each in enumerate(messages)]
    answer: RecordInteractionsResponse = await stub.RecordInteractions(iter(requests), metadata=token(f"users/{user}"))
    return answer


async def stored(running: RunningService) -> int:
    row = await running.foundation.database.fetch_one(COUNT)
    return int(row[0]) if row else 0


async def test_what_a_caller_did_counts_for_the_caller_alone(recommender: Any) -> None:
    assert await listed(recommender, "alice") == ["a", "b", "c"]
    watched = did("b", Interaction.KIND_WATCH_PROGRESS, watched_share=0.9)
    answer = await record(recommender, [did("a", Interaction.KIND_DISLIKE), watched, did("c", Interaction.KIND_VIEW)])
    assert answer == RecordInteractionsResponse(recorded_count=3)
    await soon(lambda: listed(recommender, "alice"), lambda found: found == ["c"])
    assert len(await listed(recommender, "bob")) == 3


async def test_a_stream_sent_twice_with_its_id_is_recorded_once(recommender: Any, running: RunningService) -> None:
    before = await stored(running)
    likes = [[did("a", Interaction.KIND_LIKE)], [did("b", Interaction.KIND_LIKE)]]
    answers = [await record(recommender, *likes, request_id="once") for _ in range(3)]
    assert await stored(running) == before + 2
    assert all(answer == answers[0] for answer in answers)
    await record(recommender, *likes)
    await record(recommender, *likes)
    assert await stored(running) == before + 6
    other = iter([RecordInteractionsRequest(interactions=likes[1], request_id="once")])
    assert (await failure(recommender.RecordInteractions(other, metadata=token()))).reason == "REQUEST_ID_REUSED"


async def test_unknown_movies_are_left_out_and_named_and_a_check_stores_nothing(recommender: Any, running: RunningService) -> None:
    before = await stored(running)
    unknown = did("none", Interaction.KIND_LIKE)
    answer = await record(recommender, [unknown, did("a", Interaction.KIND_LIKE)], [unknown, unknown], validate_only=True)
    assert (answer.recorded_count, answer.unknown_count, list(answer.unknown_movies)) == (1, 3, ["movies/none"])
    assert await stored(running) == before


async def test_a_message_that_breaks_a_rule_is_not_stored_and_those_before_it_are(recommender: Any, running: RunningService) -> None:
    before = await stored(running)
    good, bad = did("a", Interaction.KIND_LIKE), Interaction(movie="movies/a")
    requests = iter([RecordInteractionsRequest(interactions=[good]), RecordInteractionsRequest(interactions=[good, bad])])
    assert (await failure(recommender.RecordInteractions(requests, metadata=token()))).fields == ["interactions[1].kind"]
    assert await stored(running) == before + 1


async def test_a_replica_that_starts_knows_what_the_others_know(
    recommender: Any, empty_database_url: str, tmp_path: Path, models_dir: Path
) -> None:
    await record(recommender, [did("a", Interaction.KIND_DISLIKE), did("c", Interaction.KIND_LIKE)], region_code="DE")

    def build(foundation: Foundation) -> Service:
        return build_with(foundation, RecommenderSettings(models_dir=models_dir))

    async with (
        serving("recommender", build, MIGRATIONS, empty_database_url, tmp_path) as other,
        stub_of(other.address, RecommenderServiceStub) as second,
    ):
        stub: Any = second
        assert await listed(stub, "alice") == ["b"]
        await soon(lambda: listed(recommender, "alice"), lambda found: found == ["b"])
        requests = [ListTrendingMoviesRequest(), ListTrendingMoviesRequest(region_code="DE")]
        for request in requests:
            ours, theirs = await recommender.ListTrendingMovies(request), await stub.ListTrendingMovies(request)
            assert [each.movie for each in ours.movies] == [each.movie for each in theirs.movies]
            assert [each.score for each in ours.movies] == pytest.approx([each.score for each in theirs.movies])
        await record(stub, [did("b", Interaction.KIND_LIKE)])
        for each in (recommender, stub):
            await soon(lambda each=each: listed(each, "alice"), lambda found: found == [])  # type: ignore[misc]  # bound now


class TestThroughNats:
    """The events of other contexts, as their relays publish them."""

    @pytest.fixture
    async def running(self, empty_database_url: str, tmp_path: Path, models_dir: Path, nats_server: str) -> AsyncIterator[RunningService]:
        def build(foundation: Foundation) -> Service:
            return build_with(foundation, RecommenderSettings(models_dir=models_dir))

        async with serving("recommender", build, MIGRATIONS, empty_database_url, tmp_path, nats_url=nats_server) as service:
            yield service

    async def test_an_event_changes_the_next_list_and_counts_once(self, recommender: Any, running: RunningService, tell: Telling) -> None:
        await self.publish(running, MovieCreated(movie=film("d", "drama")), str(uuid.uuid4()))
        await soon(
            lambda: recommender.ListSimilarMovies(ListSimilarMoviesRequest(parent="movies/d")), lambda answer: answer.movies, seconds=5.0
        )
        before = await stored(running)
        event, event_id = MovieRated(rating=tell.rating("alice", "a", 2)), str(uuid.uuid4())
        assert "a" in await listed(recommender, "alice")
        await self.publish(running, event, event_id)
        await soon(lambda: listed(recommender, "alice"), lambda found: "a" not in found)
        await self.publish(running, event, event_id)
        await self.publish(running, MovieRated(rating=tell.rating("alice", "b", 2)), str(uuid.uuid4()))
        await soon(lambda: listed(recommender, "alice"), lambda found: found == ["c"])
        assert await stored(running) == before + 2

    async def publish(self, running: RunningService, event: Message, event_id: str) -> None:
        await publish_event(await running.foundation.bus.client(), event, event_id=event_id)


async def test_a_movie_that_was_watched_in_the_library_is_no_longer_recommended(tell: Telling, recommender: Any) -> None:
    def viewing(movie: str, share: float) -> Viewing:
        return Viewing(
            name=f"users/alice/history/{movie}", movie=f"movies/{movie}", watched_share=share, view_time=Timestamp(seconds=1_700_000_000)
        )

    await tell.events(ViewingProgressRecorded(viewings=[viewing("a", 0.3), viewing("b", 0.95)]))
    await soon(lambda: listed(recommender, "alice"), lambda found: "b" not in found)
    assert "a" in await listed(recommender, "alice")
