"""The programme: what may be shown where and when, and what may change once somebody has seats."""

import asyncio
from typing import Any

import grpc
import pytest

from mesh.postgres.statements import text_statement
from reelmesh.booking.v1.events_pb2 import ShowtimeDeleted, ShowtimeScheduled, ShowtimeUpdated
from reelmesh.booking.v1.showtime_pb2 import Showtime
from tests.component.booking.calling import CHILD, HALL, SHOWTIME, VENUE, hall, hours, price, seats, showtime
from tests.component.known_movies import MISSING
from tests.services import failure

_BEGIN = text_statement("UPDATE showtimes SET start_time = clock_timestamp() - interval '1 second'")
_AUDIT = text_statement("SELECT action, actor FROM audit_entries WHERE resource = %(name)s ORDER BY entry_id")


async def test_a_showtime_has_its_terms(booking: Any) -> None:
    await booking.programme()
    found = (await booking.GetShowtime(name=SHOWTIME)).showtime
    assert (found.hall, found.movie, found.state, found.seat_count) == (HALL, "movies/tt1", Showtime.STATE_SCHEDULED, 200)
    assert [(each.price.units, each.price.nanos) for each in found.prices] == [(9, 0), (6, 500_000_000)]
    told = dict(await booking.told())
    assert ShowtimeScheduled.FromString(told["ShowtimeScheduled"]).showtime == found


async def test_two_showtimes_of_a_hall_do_not_overlap_not_even_at_once(booking: Any) -> None:
    """The negative control is the constraint itself: another hall may show something at the same time."""
    await booking.programme()
    await booking.CreateHall(parent=VENUE, hall=hall(), hall_id="two")
    later = {"start_time": hours(10), "end_time": hours(12)}

    async def put_on(number: int) -> str:
        where = f"{VENUE}/halls/two" if number == 0 else HALL
        try:
            await booking.CreateShowtime(showtime=showtime(hall=where, **later))
        except grpc.aio.AioRpcError:
            return "refused"
        return "shown"

    outcomes = await asyncio.gather(*map(put_on, range(9)))
    assert (outcomes[0], sorted(outcomes[1:])) == ("shown", ["refused"] * 7 + ["shown"])
    refused = await failure(booking.CreateShowtime(showtime=showtime(start_time=hours(11), end_time=hours(13))))
    assert (refused.code, refused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "HALL_OCCUPIED")
    await booking.CreateShowtime(showtime=showtime(start_time=later["end_time"], end_time=hours(13)))


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"end_time": hours(1)}, ["showtime.end_time"]),
        ({"end_time": hours(30)}, ["showtime.end_time"]),
        ({"prices": [price(), price("balcony")]}, ["showtime.prices"]),
        ({"prices": [price(), price()]}, ["showtime.prices[1]"]),
        ({"prices": [price(nanos=1)]}, ["showtime.prices[0].price"]),
        ({"prices": [price(units=-1)]}, ["showtime.prices[0].price"]),
    ],
)
async def test_terms_that_make_no_sense_are_refused(booking: Any, fields: dict[str, Any], wrong: list[str]) -> None:
    await booking.programme()
    assert (await failure(booking.CreateShowtime(showtime=showtime(**fields)))).fields == wrong


async def test_every_zone_of_the_hall_has_a_price(booking: Any) -> None:
    await booking.programme(seats=[*seats("AB", 5), *seats("C", 5, zone="balcony")], prices=[price(), price("balcony")])
    lacking = await failure(booking.CreateShowtime(showtime=showtime(start_time=hours(20), end_time=hours(21), prices=[price()])))
    assert lacking.fields == ["showtime.prices"]
    unsold = await failure(booking.HoldSeats(parent="users/alice", showtime=SHOWTIME, seats=[{"seat": "C1", "ticket_type": CHILD}]))
    assert unsold.reason == "TICKET_NOT_SOLD"
    assert (await failure(booking.hold("D1"))).reason == "SEAT_UNKNOWN"


async def test_a_movie_that_is_not_there_is_not_shown(booking: Any) -> None:
    await booking.programme()
    answer = await failure(booking.CreateShowtime(showtime=showtime(movie=MISSING, start_time=hours(20), end_time=hours(21))))
    assert answer.reason == "MOVIE_NOT_FOUND"


async def test_with_seats_taken_a_showtime_is_not_shortened_moved_back_or_deleted(booking: Any) -> None:
    await booking.programme()
    before = (await booking.GetShowtime(name=SHOWTIME)).showtime
    held = await booking.hold("A1")

    def change(**fields: Any) -> Any:
        return booking.UpdateShowtime(showtime=Showtime(**{**_kept(before), **fields}), update_mask={"paths": list(fields)})

    for fields in ({"end_time": hours(3)}, {"start_time": hours(2.5)}, {"movie": "movies/tt2"}):
        assert (await failure(change(**fields))).reason == "SHOWTIME_IN_USE"
    assert (await failure(booking.DeleteShowtime(name=SHOWTIME))).reason == "SHOWTIME_IN_USE"
    longer = (await change(end_time=hours(5), language_code="fr")).showtime
    assert longer.language_code == "fr"
    await booking.ReleaseHold(name=held.name)
    await change(end_time=hours(3))
    told = dict(await booking.told())
    assert ShowtimeUpdated.FromString(told["ShowtimeUpdated"]).showtime.end_time.seconds < before.end_time.seconds


def _kept(before: Showtime) -> dict[str, Any]:
    return {field.name: value for field, value in before.ListFields() if field.name != "etag"}


async def test_nobody_gets_seats_of_a_showtime_that_has_begun(booking: Any) -> None:
    await booking.programme()
    await booking.database.execute(_BEGIN)
    assert (await failure(booking.hold("A1"))).reason == "SHOWTIME_BEGUN"
    assert await booking.taken() == {}


async def test_a_hold_at_prices_that_have_changed_meanwhile_is_refused(booking: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The price was read before the transaction: without the guard on the revision, the seats would go at the old one."""
    await booking.programme()
    before = (await booking.GetShowtime(name=SHOWTIME)).showtime
    raised = Showtime(**{**_kept(before), "prices": [price(units=12), price(kind=CHILD)]})
    from booking_service.application import hold_commands

    hold_seats = hold_commands.hold_seats

    async def meanwhile(*given: Any) -> Any:
        await booking.UpdateShowtime(showtime=raised, update_mask={"paths": ["prices"]})
        return await hold_seats(*given)

    monkeypatch.setattr(hold_commands, "hold_seats", meanwhile)
    changed = await failure(booking.hold("A1"))
    assert (changed.code, changed.reason) == (grpc.StatusCode.ABORTED, "SHOWTIME_CHANGED")
    monkeypatch.undo()
    assert (await booking.hold("A1")).total.units == 12


async def test_a_deleted_showtime_is_told_and_written_down(booking: Any) -> None:
    await booking.programme()
    await booking.DeleteShowtime(name=SHOWTIME)
    assert (await failure(booking.GetShowtime(name=SHOWTIME))).reason == "SHOWTIME_NOT_FOUND"
    told = dict(await booking.told())
    assert ShowtimeDeleted.FromString(told["ShowtimeDeleted"]).showtime.name == SHOWTIME
    written = await booking.database.fetch_all(_AUDIT, name=SHOWTIME)
    assert written == [("INSERT", "users/admin"), ("DELETE", "users/admin")]


async def test_a_programme_is_listed_by_movie_and_by_venue_page_by_page(booking: Any) -> None:
    await booking.programme()
    for day in range(1, 5):
        fields = {"start_time": hours(24 * day), "end_time": hours(24 * day + 2), "movie": f"movies/tt{day % 2 + 1}"}
        await booking.CreateShowtime(showtime=showtime(**fields), showtime_id=f"day-{day}")
    found, page_token = [], ""
    while True:
        page = await booking.ListShowtimes(venue=VENUE, page_size=2, page_token=page_token)
        found += [each.name.partition("/")[2] for each in page.showtimes]
        page_token = page.next_page_token
        if not page_token:
            break
    assert found == ["tonight", "day-1", "day-2", "day-3", "day-4"]
    of_movie = await booking.ListShowtimes(movie="movies/tt2", start_from=hours(48))
    assert [each.name for each in of_movie.showtimes] == ["showtimes/day-3"]
    assert (await failure(booking.ListShowtimes())).fields == ["movie", "venue"]
