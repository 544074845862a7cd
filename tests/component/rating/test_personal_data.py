"""What is held about a user comes out whole, and goes without a trace and without harm to anybody else's."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mesh.personal_data import PersonalData
from mesh.postgres.statements import text_statement
from mesh.server import RunningService
from rating_service.infrastructure.personal_data import RatingData
from reelmesh.privacy.v1.personal_data_service_pb2 import ExportPersonalDataRequest
from reelmesh.privacy.v1.personal_data_service_pb2_grpc import PersonalDataServiceStub
from reelmesh.rating.v1 import review_service_pb2 as w
from reelmesh.rating.v1.review_pb2 import Review
from tests.component.rating.asking import rate, summary_of
from tests.component.rating.recount import wrong_summaries
from tests.services import Metadata, failure, stub_of, token

ALICE, BOB = token("users/alice"), token("users/bob")
# What waits to be published, and the answers that others were given, age away by themselves.
_TABLES = text_statement("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('outbox', 'idempotency')")


@pytest.fixture
async def exports(running: RunningService) -> AsyncIterator[Any]:
    async with stub_of(running.address, PersonalDataServiceStub) as stub:
        yield stub


@pytest.fixture
async def something_of_both(ratings: Any, reviews: Any) -> None:
    """Alice has rated, written, liked and reported; so has Bob, about the same things."""
    for user, caller in (("alice", ALICE), ("bob", BOB)):
        await rate(ratings, "tt1", user, 4)
        await reviews.CreateReview(
            w.CreateReviewRequest(parent="movies/tt1", review_id=f"of-{user}", review=Review(language_code="en", text=f"By {user}.")),
            metadata=caller,
        )
    for caller in (ALICE, BOB):
        for user in ("alice", "bob"):
            name = f"movies/tt1/reviews/of-{user}"
            await reviews.LikeReview(w.LikeReviewRequest(name=name), metadata=caller)
            report = w.ReportReviewRequest(name=name, reason=w.ReportReviewRequest.REASON_OTHER, comment="Hm.")
            await reviews.ReportReview(report, metadata=caller)


async def export(stub: Any, user: str, caller: Metadata | None = None) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    request = ExportPersonalDataRequest(user=f"users/{user}")
    async for part in stub.ExportPersonalData(request, metadata=caller or token("services/identity", "SERVICE")):
        found.setdefault(part.kind, []).extend(map(json.loads, part.documents))
    return found


async def erase(running: RunningService, data: PersonalData, user: str) -> int:
    async with running.foundation.database.transaction() as transaction:
        return await data.erase(transaction, user)


@pytest.mark.usefixtures("something_of_both")
async def test_an_export_has_everything_of_the_user_and_nothing_of_others(exports: Any) -> None:
    found = await export(exports, "alice")
    assert {kind: len(documents) for kind, documents in found.items()} == {"ratings": 1, "reviews": 1, "likes": 2, "reports": 2}
    assert found["reviews"][0]["text"] == "By alice."
    assert found["ratings"][0]["score"] == 4
    assert await export(exports, "nobody") == {}


async def test_only_services_may_ask(exports: Any) -> None:
    for caller, reason in ((ALICE, "ROLE_MISSING"), ((), "TOKEN_MISSING")):
        answer = await failure(anext(aiter(exports.ExportPersonalData(ExportPersonalDataRequest(user="users/alice"), metadata=caller))))
        assert answer.reason == reason


@pytest.mark.usefixtures("something_of_both")
async def test_an_erasure_leaves_nothing_of_the_user_and_everything_of_others(
    running: RunningService, ratings: Any, reviews: Any, exports: Any
) -> None:
    database = running.foundation.database
    assert await erase(running, RatingData(database), "alice") == 1 + 1 + 2 + 2
    for (table,) in await database.fetch_all(_TABLES):
        rows = await database.fetch_all(text_statement(f"SELECT t::text FROM {table} AS t"))
        assert not [row for row in rows if "alice" in row[0]], table
    assert await export(exports, "alice") == {}
    assert (await summary_of(ratings, "tt1")).count == 1
    assert await wrong_summaries(database) == {}
    left = (await reviews.GetReview(w.GetReviewRequest(name="movies/tt1/reviews/of-bob"), metadata=token("users/a", "ADMIN"))).review
    assert (left.like_count, left.report_count) == (1, 1)
    assert len((await export(exports, "bob"))["likes"]) == 1


async def test_an_erasure_of_a_user_without_data_is_none(running: RunningService) -> None:
    assert await erase(running, RatingData(running.foundation.database), "nobody") == 0
