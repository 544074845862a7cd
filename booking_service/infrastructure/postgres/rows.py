"""Rows and what they are in the domain, column by column."""

from collections.abc import Iterable

from psycopg.types.json import Jsonb

from booking_service.domain.bookings import Booking, BookingState, Change, Ticket
from booking_service.domain.showtimes import Format, Prices, Showtime, ShowtimeState, TicketType
from booking_service.domain.venues import Hall, Layout, Seat, SeatKind, Venue
from mesh.postgres.transaction import Row

VENUE_COLUMNS = "venue_id, title, street_address, region_code, time_zone, create_time, update_time, revision"
HALL_COLUMNS = "venue_id, hall_id, title, create_time, update_time, revision"
LAYOUT_COLUMNS = "layout_id, seats, leave_no_single_seat"
SHOWTIME_COLUMNS = (
    "showtime_id, movie_id, venue_id, hall_id, layout_id, seat_count, start_time, end_time, language_code, format, currency, prices, "
    "state, map_version, create_time, update_time, revision"
)
# An ended hold is expired, whether or not it was swept.
BOOKING_COLUMNS = (
    "user_id, booking_id, showtime_id, CASE WHEN state = 1 AND hold_until <= clock_timestamp() THEN 6 ELSE state END, "
    "seats, ticket_types, prices, currency, hold_until, extended, create_time, update_time"
)


def prefixed(alias: str, columns: str) -> str:
    return ", ".join(f"{alias}.{column}" for column in columns.split(", "))


def venue_of(row: Row) -> Venue:
    venue, title, address, region_code, time_zone, create_time, update_time, revision = row
    return Venue(
        venue=venue,
        title=title,
        address=address,
        region_code=region_code,
        time_zone=time_zone,
        create_time=create_time,
        update_time=update_time,
        revision=revision,
    )


def layout_from(row: Row) -> Layout:
    layout, seats, leave_no_single_seat = row
    return Layout(layout, tuple(Seat(seat, zone, SeatKind(kind), x, y) for seat, zone, kind, x, y in seats), leave_no_single_seat)


def layout_values(layout: Layout) -> dict[str, object]:
    seats = [[seat.seat, seat.zone, seat.kind.value, seat.x, seat.y] for seat in layout.seats]
    return {"layout": layout.layout, "seats": Jsonb(seats), "leave_no_single_seat": layout.leave_no_single_seat}


def hall_of(row: Row) -> Hall:
    """Of HALL_COLUMNS and LAYOUT_COLUMNS."""
    venue, hall, title, create_time, update_time, revision = row[:6]
    return Hall(
        venue=venue,
        hall=hall,
        title=title,
        layout=layout_from(row[6:9]),
        create_time=create_time,
        update_time=update_time,
        revision=revision,
    )


def showtime_of(row: Row) -> Showtime:
    (showtime, movie, venue, hall, layout, seat_count, start_time, end_time, language_code, shown, currency, prices, state, version) = row[
        :14
    ]
    create_time, update_time, revision = row[14:17]
    return Showtime(
        showtime=showtime,
        movie=movie,
        venue=venue,
        hall=hall,
        layout=layout,
        seat_count=seat_count,
        start_time=start_time,
        end_time=end_time,
        language_code=language_code,
        format=Format(shown),
        prices=Prices(currency, {(zone, TicketType(kind)): minor for zone, kind, minor in prices}),
        create_time=create_time,
        update_time=update_time,
        state=ShowtimeState(state),
        map_version=version,
        revision=revision,
    )


def showtime_values(showtime: Showtime, change: Change) -> dict[str, object]:
    return {
        "showtime": showtime.showtime,
        "movie": showtime.movie,
        "venue": showtime.venue,
        "hall": showtime.hall,
        "layout": showtime.layout,
        "seat_count": showtime.seat_count,
        "start_time": showtime.start_time,
        "end_time": showtime.end_time,
        "language_code": showtime.language_code,
        "format": showtime.format.value,
        "currency": showtime.prices.currency,
        "prices": Jsonb([[zone, kind.value, minor] for (zone, kind), minor in showtime.prices.minor.items()]),
        "state": showtime.state.value,
        "create_time": showtime.create_time,
        "update_time": showtime.update_time,
        "revision": showtime.revision,
        **change_values(change),
    }


def change_values(change: Change) -> dict[str, object]:
    return {"actor": change.actor, "address": change.address, "trace_id": change.trace_id}


def booking_of(row: Row) -> Booking:
    """Of a row of BOOKING_COLUMNS, whatever follows them."""
    user, booking, showtime, state, seats, kinds, prices, currency, hold_until, extended, create_time, update_time = row[:12]
    return Booking(
        user=user,
        booking=booking,
        showtime=showtime,
        state=BookingState(state),
        tickets=tuple(tickets_of(seats, kinds, prices)),
        currency=currency,
        hold_until=hold_until,
        extended=extended,
        create_time=create_time,
        update_time=update_time,
    )


def tickets_of(seats: Iterable[str], kinds: Iterable[int], prices: Iterable[int]) -> Iterable[Ticket]:
    return (Ticket(seat, TicketType(kind), minor) for seat, kind, minor in zip(seats, kinds, prices, strict=True))
