"""Venues and halls, as administrators make and change them."""

from typing import Any

import grpc
import pytest

from reelmesh.booking.v1.venue_pb2 import Seat
from tests.component.booking.calling import HALL, SHOWTIME, VENUE, hall, seats, venue
from tests.services import failure, token


async def test_a_venue_is_made_read_changed_and_deleted(booking: Any) -> None:
    made = (await booking.CreateVenue(venue=venue(), venue_id="odeon")).venue
    assert (made.name, made.title) == (VENUE, "Odeon")
    assert (await failure(booking.CreateVenue(venue=venue(), venue_id="odeon"))).reason == "VENUE_ALREADY_EXISTS"
    changed = (await booking.UpdateVenue(venue=venue(name=VENUE, title="Rex", etag=made.etag))).venue
    assert (changed.title, changed.etag == made.etag) == ("Rex", False)
    stale = await failure(booking.UpdateVenue(venue=venue(name=VENUE, title="Ufa", etag=made.etag)))
    assert (stale.code, stale.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    assert (await booking.GetVenue(name=VENUE)).venue == changed
    await booking.DeleteVenue(name=VENUE, etag=changed.etag)
    assert (await failure(booking.GetVenue(name=VENUE))).reason == "VENUE_NOT_FOUND"


async def test_a_time_zone_is_one_that_exists(booking: Any) -> None:
    answer = await failure(booking.CreateVenue(venue=venue(time_zone="Europe/Nowhere")))
    assert answer.fields == ["venue.time_zone"]


async def test_a_hall_keeps_its_seats_in_their_order(booking: Any) -> None:
    await booking.CreateVenue(venue=venue(), venue_id="odeon")
    shape = [Seat(seat="B2", zone="stalls", kind=Seat.KIND_WHEELCHAIR, x=3, y=4), Seat(seat="A1", zone="box", kind=Seat.KIND_PREMIUM)]
    made = (await booking.CreateHall(parent=VENUE, hall=hall(seats=shape), hall_id="one")).hall
    assert (made.name, list(made.seats)) == (HALL, shape)
    assert (await booking.GetHall(name=HALL)).hall == made
    assert list((await booking.ListHalls(parent=VENUE)).halls) == [made]
    twice = await failure(booking.CreateHall(parent=VENUE, hall=hall(seats=[*shape, shape[0]])))
    assert twice.fields == ["hall.seats"]
    assert (await failure(booking.CreateHall(parent="venues/none", hall=hall()))).reason == "VENUE_NOT_FOUND"


async def test_a_changed_hall_is_one_for_showtimes_to_come(booking: Any) -> None:
    await booking.programme()
    await booking.UpdateHall(hall=hall(name=HALL, seats=seats("A", 3)), update_mask={"paths": ["seats"]})
    assert len((await booking.GetHall(name=HALL)).hall.seats) == 3
    assert len((await booking.GetSeatMap(name=f"{SHOWTIME}/seatMap")).seat_map.seats) == 200
    await booking.hold("J20")


async def test_what_is_in_use_is_not_deleted(booking: Any) -> None:
    await booking.programme()
    assert (await failure(booking.DeleteVenue(name=VENUE))).reason == "VENUE_HAS_HALLS"
    assert (await failure(booking.DeleteHall(name=HALL))).reason == "HALL_HAS_SHOWTIMES"
    await booking.DeleteShowtime(name=SHOWTIME)
    await booking.DeleteHall(name=HALL)
    await booking.DeleteVenue(name=VENUE)


@pytest.mark.parametrize("method", ["CreateVenue", "CreateHall", "UpdateHall", "DeleteVenue", "CreateShowtime"])
async def test_only_administrators_build(booking: Any, method: str) -> None:
    answer = await failure(getattr(booking, method)(caller=token("users/clerk", "BOX_OFFICE")))
    assert (answer.code, answer.reason) == (grpc.StatusCode.PERMISSION_DENIED, "ROLE_MISSING")
