"""Imports and purges over gRPC, and what others learn of them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from mesh.postgres.statements import text_statement
from mesh.server import RunningService
from reelmesh.rating.v1.events_pb2 import RatingsImported, RatingSummaryChanged
from reelmesh.rating.v1.rating_service_pb2 import GetRatingRequest, ImportRatingsRequest, ListRatingsRequest, PurgeRatingsRequest
from tests.component.rating.asking import given, rate, stream, summary_of
from tests.component.rating.recount import wrong_summaries
from tests.services import admin, failure

PAYLOADS = text_statement("SELECT payload FROM outbox WHERE type_name = %(type_name)s ORDER BY id")


async def counts(ratings: Any, *messages: Any, **more: Any) -> tuple[int, int, int, int]:
    response = await ratings.ImportRatings(stream(*messages, **more), metadata=admin())
    return response.created_count, response.updated_count, response.unchanged_count, response.rejected_count


async def announced(running: RunningService) -> list[RatingSummaryChanged]:
    rows = await running.foundation.database.fetch_all(PAYLOADS, type_name=RatingSummaryChanged.DESCRIPTOR.full_name)
    return [RatingSummaryChanged.FromString(row[0]) for row in rows]


async def test_an_import_stores_ratings_with_their_time_and_source(ratings: Any) -> None:
    assert await counts(ratings, [given("m1", "u1", 3.5, seconds=964_982_703)], [given("m1", "u2", 1)]) == (2, 0, 0, 0)
    rating = (await ratings.GetRating(GetRatingRequest(name="movies/m1/ratings/u1"))).rating
    assert (rating.score, rating.source) == (3.5, "demo")
    assert rating.create_time.seconds == rating.update_time.seconds == 964_982_703
    assert (await summary_of(ratings, "m1")).mean == 2.25


async def test_the_same_stream_again_changes_nothing_and_tells_nobody(ratings: Any, running: RunningService) -> None:
    messages = [[given(f"m{movie}", f"u{user}", 3, seconds=5) for movie in range(5)] for user in range(3)]
    undated = [given("m1", "late", 4)]
    assert await counts(ratings, *messages, undated) == (16, 0, 0, 0)
    before, told = await summary_of(ratings, "m1"), await announced(running)
    assert await counts(ratings, *messages, undated) == (0, 0, 16, 0)
    assert (await summary_of(ratings, "m1"), await announced(running)) == (before, told)


async def test_a_younger_rating_wins_over_an_imported_one_and_an_older_one_gives_way(ratings: Any) -> None:
    await rate(ratings, "m1", "u1", 5)
    assert await counts(ratings, [given("m1", "u1", 1, seconds=100)]) == (0, 0, 1, 0)
    assert await counts(ratings, [given("m2", "u1", 1, seconds=100)]) == (1, 0, 0, 0)
    assert await counts(ratings, [given("m2", "u1", 2, seconds=200), given("m2", "u1", 3, seconds=150)]) == (0, 1, 1, 0)
    assert [(await summary_of(ratings, movie)).mean for movie in ("m1", "m2")] == [5, 2]


async def test_what_breaks_a_rule_is_left_out_and_reported_by_its_place_in_the_stream(ratings: Any) -> None:
    messages = [
        [given("m1", "u1", 3), given("m1", "U2", 3)],
        [given("m1", "u3", 5.5), given("m1", "u4", 1), given("m1", "u5", 1.2), given("m1", "u6", 1, seconds=9_999_999_999)],
    ]
    response = await ratings.ImportRatings(stream(*messages), metadata=admin())
    assert (response.created_count, response.rejected_count) == (2, 4)
    assert [item.index for item in response.rejected] == [1, 2, 4, 5]
    assert {item.reason for item in response.rejected} == {"INVALID_ARGUMENT"}
    assert response.rejected[1].name == "movies/m1/ratings/u3"
    assert "score" in response.rejected[1].message


async def test_at_most_a_hundred_rejections_are_told_and_all_are_counted(ratings: Any) -> None:
    response = await ratings.ImportRatings(stream([given("m1", f"u{number}", 7) for number in range(150)]), metadata=admin())
    assert (response.rejected_count, len(response.rejected)) == (150, 100)


async def test_an_import_that_only_checks_stores_nothing(ratings: Any) -> None:
    assert await counts(ratings, [given("m1", "u1", 3), given("m1", "u1x", 9)], validate_only=True) == (1, 0, 0, 1)
    assert (await summary_of(ratings, "m1")).count == 0


@pytest.mark.parametrize(
    ("requests", "fields"),
    [
        ([ImportRatingsRequest(ratings=[given("m1", "u1", 3)])], ["source"]),
        ([], ["source"]),
        ([ImportRatingsRequest(source="demo", ratings=[given("m1", f"u{number}", 3) for number in range(501)])], ["ratings"]),
    ],
)
async def test_streams_that_cannot_be_stored_are_refused(ratings: Any, requests: list[ImportRatingsRequest], fields: list[str]) -> None:
    answer = await failure(ratings.ImportRatings(iter(requests), metadata=admin()))
    assert (answer.code, answer.fields) == (grpc.StatusCode.INVALID_ARGUMENT, fields)


async def test_summaries_are_announced_once_at_the_end_of_the_stream(ratings: Any, running: RunningService) -> None:
    messages = [[given(f"m{movie}", f"u{user}", 4) for movie in range(10)] for user in range(20)]
    await ratings.ImportRatings(stream(*messages), metadata=admin())
    told = await announced(running)
    assert sorted(event.summary.name for event in told) == sorted(f"movies/m{movie}/ratingSummary" for movie in range(10))
    for event in told:
        assert event.summary == await summary_of(ratings, event.summary.name.split("/")[1])
    rows = await running.foundation.database.fetch_all(PAYLOADS, type_name=RatingsImported.DESCRIPTOR.full_name)
    assert [len(RatingsImported.FromString(row[0]).ratings) for row in rows] == [10] * 20


async def test_an_import_that_is_cut_off_is_kept_and_announced_all_the_same(ratings: Any, running: RunningService) -> None:
    stored = asyncio.Event()

    async def endless() -> AsyncIterator[ImportRatingsRequest]:
        yield ImportRatingsRequest(source="demo", ratings=[given("m1", "u1", 2)])
        await stored.wait()

    call = ratings.ImportRatings(endless(), metadata=admin())
    while (await summary_of(ratings, "m1")).count == 0:  # noqa: ASYNC110  # another process would have to poll as well
        await asyncio.sleep(0.02)
    call.cancel()
    assert await announced(running) == []
    async with asyncio.timeout(10):
        while not (told := await announced(running)):  # noqa: ASYNC110  # as above
            await asyncio.sleep(0.1)
    assert [event.summary for event in told] == [await summary_of(ratings, "m1")]


async def test_a_purge_takes_out_what_a_source_brought_and_nothing_else(ratings: Any, running: RunningService) -> None:
    await counts(ratings, [given("m1", "u1", 1), given("m1", "u2", 2), given("m2", "u1", 3)])
    await counts(ratings, [given("m1", "u3", 3)], source="other")
    await rate(ratings, "m1", "u2", 5)  # the user's own from now on
    assert (await ratings.PurgeRatings(PurgeRatingsRequest(source="demo"), metadata=admin())).purge_count == 2
    assert (await summary_of(ratings, "m1")).count == 3
    forced = PurgeRatingsRequest(source="demo", force=True, request_id="p1")
    assert (await ratings.PurgeRatings(forced, metadata=admin())).purge_count == 2
    assert (await ratings.PurgeRatings(forced, metadata=admin())).purge_count == 2
    left = (await ratings.ListRatings(ListRatingsRequest(parent="movies/m1"))).ratings
    assert {rating.user for rating in left} == {"users/u2", "users/u3"}
    assert await wrong_summaries(running.foundation.database) == {}
    assert (await announced(running))[-1].summary.count in (0, 2)
