"""Seats held, extended, given up and expired, as a user sees it."""

import asyncio
import time
from typing import Any

import grpc

from mesh.postgres.statements import text_statement
from reelmesh.booking.v1.booking_pb2 import Booking
from reelmesh.booking.v1.events_pb2 import HoldExpired, HoldReleased, SeatsHeld
from tests.component.booking.calling import ALICE, CHILD, SHOWTIME, choices
from tests.component.booking.conftest import Start
from tests.services import failure, token

_AUDIT = text_statement(
    "SELECT actor, resource, action, detail ->> 'state' FROM audit_entries WHERE resource LIKE 'users/%%' ORDER BY entry_id"
)


async def test_a_hold_has_its_seats_its_prices_and_an_end(booking: Any) -> None:
    await booking.programme()
    seats = [*choices(["C3", "C2"]), *choices(["B1"], CHILD)]
    held = (await booking.HoldSeats(parent=ALICE, showtime=SHOWTIME, seats=seats, booking_id="mine")).booking
    assert (held.name, held.state) == (f"{ALICE}/bookings/mine", Booking.STATE_HELD)
    assert [ticket.seat for ticket in held.tickets] == ["B1", "C2", "C3"]
    assert (held.total.units, held.total.nanos, held.total.currency_code) == (24, 500_000_000, "EUR")
    assert held.hold_expire_time.seconds - held.create_time.seconds == 600
    assert await booking.taken() == dict.fromkeys(["B1", "C2", "C3"], "STATE_HELD")
    assert (await booking.GetBooking(name=held.name)).booking == held
    assert list((await booking.ListBookings(parent=ALICE)).bookings) == [held]


async def test_of_a_hold_that_wants_one_taken_seat_nothing_is_held(booking: Any) -> None:
    await booking.programme()
    await booking.hold("A1", "A2")
    answer = await failure(booking.hold("A2", "A3", "A1", user="users/bob"))
    assert (answer.code, answer.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "SEATS_TAKEN")
    assert answer.info is not None
    assert answer.info.metadata["seats"] == "A1, A2"
    assert set(await booking.taken()) == {"A1", "A2"}
    again = await failure(booking.hold("A2", "A3", user="users/bob", request_id="r1"))  # this one goes as far as the claims
    assert again.reason == "SEATS_TAKEN"
    assert set(await booking.taken()) == {"A1", "A2"}


async def test_the_same_request_is_one_hold(booking: Any) -> None:
    await booking.programme()
    first = await booking.hold("A1", request_id="r1")
    assert await booking.hold("A1", request_id="r1") == first
    answer = await failure(booking.hold("A2", request_id="r1"))
    assert answer.reason == "REQUEST_ID_REUSED"


async def test_nobody_holds_more_than_twice_at_once(booking: Any) -> None:
    await booking.programme()
    first = await booking.hold("A1")
    await booking.hold("A2")
    assert (await failure(booking.hold("A3"))).reason == "TOO_MANY_HOLDS"
    await booking.ReleaseHold(name=first.name)
    await booking.hold("A3")


async def test_a_hold_is_extended_once(booking: Any) -> None:
    await booking.programme()
    held = await booking.hold("A1")
    extended = (await booking.ExtendHold(name=held.name)).booking
    assert extended.extended
    assert extended.hold_expire_time.ToNanoseconds() > held.hold_expire_time.ToNanoseconds()
    assert (await failure(booking.ExtendHold(name=held.name))).reason == "HOLD_EXTENDED_BEFORE"


async def test_released_seats_are_free_and_a_second_release_changes_nothing(booking: Any) -> None:
    await booking.programme()
    held = await booking.hold("A1", "A2")
    released = (await booking.ReleaseHold(name=held.name)).booking
    assert released.state == Booking.STATE_RELEASED
    assert await booking.taken() == {}
    assert (await booking.ReleaseHold(name=held.name)).booking == released
    assert (await failure(booking.ExtendHold(name=held.name))).reason == "BOOKING_NOT_HELD"


async def test_an_ended_hold_is_in_nobodys_way_and_is_swept(start: Start) -> None:
    async with start(lifetime=0.3) as booking:
        await booking.programme()
        held = await booking.hold("A1", "A2")
        await asyncio.sleep(0.3)
        assert (await booking.GetBooking(name=held.name)).booking.state == Booking.STATE_EXPIRED, "by the clock, swept or not"
        taken_over = await booking.hold("A2", user="users/bob")
        limit = time.monotonic() + 10
        while await booking.taken():
            assert time.monotonic() < limit
            await asyncio.sleep(0.05)
        assert (await failure(booking.ExtendHold(name=taken_over.name, caller=token("users/bob")))).reason == "BOOKING_NOT_HELD"
        expired = [HoldExpired.FromString(payload) for name, payload in await booking.told() if name == "HoldExpired"]
        freed = {each.booking.name: list(each.change.seats) for each in expired}
        assert freed == {held.name: ["A1"], taken_over.name: ["A2"]}, "what somebody else had got by then was not freed"


async def test_each_version_of_a_map_is_one_event(booking: Any) -> None:
    await booking.programme()
    first, second = await booking.hold("A1"), await booking.hold("B1", "B2")
    await booking.ReleaseHold(name=first.name)
    await booking.ExtendHold(name=second.name)
    kinds: dict[str, Any] = {"SeatsHeld": SeatsHeld, "HoldReleased": HoldReleased}
    changes = [kinds[name].FromString(payload).change for name, payload in await booking.told() if name in kinds]
    assert [(change.version, list(change.seats)) for change in changes] == [(1, ["A1"]), (2, ["B1", "B2"]), (3, ["A1"])]
    assert (await booking.GetSeatMap(name=f"{SHOWTIME}/seatMap")).seat_map.version == 3


async def test_the_box_office_acts_for_others_and_the_audit_says_who(booking: Any) -> None:
    await booking.programme()
    clerk = token("users/clerk", "BOX_OFFICE")
    held = await booking.hold("A1", caller=clerk)
    assert (await booking.GetBooking(name=held.name)).booking == held, "it is alice's"
    await booking.ReleaseHold(name=held.name)
    stranger = await failure(booking.ReleaseHold(name=held.name, caller=token("users/bob")))
    assert (stranger.code, stranger.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_OWNER")
    assert await booking.database.fetch_all(_AUDIT) == [
        ("users/clerk", held.name, "INSERT", "1"),
        (ALICE, held.name, "UPDATE", "7"),
    ]


async def test_no_single_seat_is_left_where_the_hall_says_so(booking: Any) -> None:
    await booking.programme(leave_no_single_seat=True)
    answer = await failure(booking.hold("A2", "A3"))
    assert (answer.reason, answer.info and answer.info.metadata["seats"]) == ("SINGLE_SEAT_LEFT", "A1")
    await booking.hold("A1", "A2")
    assert (await failure(booking.hold("A4", user="users/bob"))).reason == "SINGLE_SEAT_LEFT"
    await booking.hold("A3", "A4", user="users/bob")


async def test_bookings_are_listed_the_latest_first_page_by_page(booking: Any) -> None:
    await booking.programme()
    names = []
    for number in range(1, 6):
        held = await booking.hold(f"A{number}")
        names.append(held.name)
        await booking.ReleaseHold(name=held.name)
    found, page_token = [], ""
    while True:
        page = await booking.ListBookings(parent=ALICE, page_size=2, page_token=page_token)
        found += [each.name for each in page.bookings]
        page_token = page.next_page_token
        if not page_token:
            break
    assert found == names[::-1]
