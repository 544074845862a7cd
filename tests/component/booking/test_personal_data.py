"""What is held about a user comes out whole, and goes without a trace and without harm to anybody's seats."""

import asyncio
import json
from typing import Any

import grpc
import pytest

from booking_service.infrastructure.events.encode import encode
from booking_service.infrastructure.personal_data import BookingPersonalData
from mesh.postgres.statements import text_statement
from reelmesh.booking.v1.events_pb2 import HoldReleased
from reelmesh.privacy.v1.personal_data_service_pb2 import ExportPersonalDataRequest
from reelmesh.privacy.v1.personal_data_service_pb2_grpc import PersonalDataServiceStub
from tests.component.booking.calling import ALICE
from tests.component.booking.conftest import Start
from tests.services import token

# What waits to be published, and the answers that others were given, age away by themselves; who did what stays in the log.
_TABLES = text_statement("""
    SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('outbox', 'idempotency', 'audit_entries')
""")
_SELL = text_statement("UPDATE seat_claims SET until = 'infinity' WHERE booking_id = %(booking)s")
_SOLD = text_statement("UPDATE bookings SET state = 2 WHERE booking_id = %(booking)s")


async def erase(booking: Any, user: str) -> int:
    async with booking.database.transaction() as transaction:
        return await BookingPersonalData(booking.database, encode).erase(transaction, user)


async def mentions(booking: Any, text: str) -> set[str]:
    tables = [name for (name,) in await booking.database.fetch_all(_TABLES)]
    found = set()
    for table in tables:
        statement = text_statement(f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE '%%{text}%%'")
        if (await booking.database.fetch_one(statement))[0]:
            found.add(table)
    return found


async def test_an_export_has_the_users_bookings_and_nobody_elses(booking: Any) -> None:
    await booking.programme()
    held = await booking.hold("A1", "A2")
    await booking.hold("B1", user="users/bob")
    found: dict[str, list[Any]] = {}
    async with grpc.aio.insecure_channel(booking.address) as channel:
        request = ExportPersonalDataRequest(user=ALICE)
        stub: Any = PersonalDataServiceStub(channel)
        async for part in stub.ExportPersonalData(request, metadata=token("services/identity", "SERVICE")):
            found.setdefault(part.kind, []).extend(map(json.loads, part.documents))
    assert [each["name"] for each in found["bookings"]] == [held.name]
    assert [ticket["seat"] for ticket in found["bookings"][0]["tickets"]] == ["A1", "A2"]


async def test_after_an_erasure_holds_are_free_what_is_sold_stays_sold_and_nothing_names_the_user(booking: Any) -> None:
    await booking.programme()
    held = await booking.hold("A1")
    await booking.hold("A2", booking_id="sold")
    for statement in (_SELL, _SOLD):
        await booking.database.execute(statement, booking="sold")
    await booking.hold("B1", user="users/bob")
    assert await mentions(booking, "alice") == {"bookings", "seat_claims"}
    assert await erase(booking, "alice") == 2
    assert await mentions(booking, "alice") == set()
    assert await booking.taken() == {"A2": "STATE_SOLD", "B1": "STATE_HELD"}
    released = [HoldReleased.FromString(payload) for name, payload in await booking.told() if name == "HoldReleased"]
    assert [(each.booking.name, list(each.change.seats)) for each in released] == [(held.name, ["A1"])]


async def test_a_hold_that_has_ended_unswept_is_erased_with_its_claims(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("booking_service.infrastructure.postgres.sweeping.Sweeper.sweep", _nothing_to_do)
    async with start(lifetime=0.2) as booking:
        await booking.programme()
        await booking.hold("A1")
        await asyncio.sleep(0.2)
        assert await erase(booking, "alice") == 1
        assert await mentions(booking, "alice") == set()
        assert await booking.taken() == {}


async def _nothing_to_do(sweeper: object) -> bool:
    return False
