"""Domain to contract, field by field, and what comes the other way."""

from collections.abc import Iterable
from typing import cast

from booking_service.application.ports import SeatsTaken
from booking_service.domain.bookings import Booking, MapChange
from booking_service.domain.errors import FieldsWrong
from booking_service.domain.payments import Payment
from booking_service.domain.showtimes import Format, Prices, Showtime, TicketType, prices_of
from booking_service.domain.venues import Hall, Seat, SeatKind, Venue
from booking_service.infrastructure.grpc.money import minor_units, money_message
from booking_service.infrastructure.grpc.names import booking_name, hall_name, movie_name, seat_map_name, showtime_name, venue_name
from mesh.timestamps import timestamp
from reelmesh.booking.v1 import booking_pb2, events_pb2, payment_pb2, showtime_pb2, venue_pb2
from reelmesh.booking.v1.showtime_pb2 import SeatStatus

# The contract numbers seat kinds, formats, ticket types and states as the domain does; a test holds them together.


def seat_message(seat: Seat) -> venue_pb2.Seat:
    return venue_pb2.Seat(seat=seat.seat, zone=seat.zone, kind=cast("venue_pb2.Seat.Kind.ValueType", seat.kind.value), x=seat.x, y=seat.y)


def seat_from(given: venue_pb2.Seat) -> Seat:
    return Seat(given.seat, given.zone, SeatKind(given.kind or SeatKind.STANDARD.value), given.x, given.y)


def venue_message(venue: Venue) -> venue_pb2.Venue:
    return venue_pb2.Venue(
        name=venue_name(venue.venue),
        title=venue.title,
        address=venue.address,
        region_code=venue.region_code,
        time_zone=venue.time_zone,
        create_time=timestamp(venue.create_time),
        update_time=timestamp(venue.update_time),
        etag=venue.etag,
    )


def hall_message(hall: Hall) -> venue_pb2.Hall:
    return venue_pb2.Hall(
        name=hall_name(hall.venue, hall.hall),
        title=hall.title,
        seats=map(seat_message, hall.layout.seats),
        leave_no_single_seat=hall.layout.leave_no_single_seat,
        create_time=timestamp(hall.create_time),
        update_time=timestamp(hall.update_time),
        etag=hall.etag,
    )


def showtime_message(showtime: Showtime) -> showtime_pb2.Showtime:
    return showtime_pb2.Showtime(
        name=showtime_name(showtime.showtime),
        movie=movie_name(showtime.movie),
        hall=hall_name(showtime.venue, showtime.hall),
        start_time=timestamp(showtime.start_time),
        end_time=timestamp(showtime.end_time),
        language_code=showtime.language_code,
        format=cast("showtime_pb2.Showtime.Format.ValueType", showtime.format.value),
        prices=price_messages(showtime.prices),
        state=cast("showtime_pb2.Showtime.State.ValueType", showtime.state.value),
        seat_count=showtime.seat_count,
        create_time=timestamp(showtime.create_time),
        update_time=timestamp(showtime.update_time),
        etag=showtime.etag,
    )


def price_messages(prices: Prices) -> Iterable[showtime_pb2.Price]:
    for (zone, kind), minor in prices.minor.items():
        price = money_message(prices.currency, minor)
        yield showtime_pb2.Price(zone=zone, ticket_type=cast("showtime_pb2.TicketType.ValueType", kind.value), price=price)


def prices_from(given: Iterable[showtime_pb2.Price]) -> Prices:
    """Raises FieldsWrong, with all that is wrong."""
    read, flaws = [], []
    for index, price in enumerate(given):
        try:
            read.append((price.zone, TicketType(price.ticket_type), price.price.currency_code, minor_units(price.price)))
        except ValueError as error:
            flaws.append((f"showtime.prices[{index}].price", str(error)))
    if flaws:
        raise FieldsWrong(flaws)
    return prices_of(read)


def format_from(given: "showtime_pb2.Showtime.Format.ValueType") -> Format:
    return Format(given or Format.TWO_D.value)


def seat_map_message(showtime: str, seats: SeatsTaken) -> showtime_pb2.SeatMap:
    def state(seat: str) -> "SeatStatus.State.ValueType":
        return SeatStatus.STATE_SOLD if seat in seats.sold else SeatStatus.STATE_HELD if seat in seats.held else SeatStatus.STATE_FREE

    return showtime_pb2.SeatMap(
        name=seat_map_name(showtime),
        version=seats.version,
        seats=[SeatStatus(seat=seat_message(seat), state=state(seat.seat)) for seat in seats.layout.seats],
        open=seats.open,
    )


def payment_message(payment: Payment) -> payment_pb2.Payment:
    return payment_pb2.Payment(
        payment_id=payment.payment,
        state=payment_pb2.Payment.State.ValueType(payment.state.value),
        amount=money_message(payment.currency, payment.minor),
        create_time=timestamp(payment.create_time),
        update_time=timestamp(payment.update_time),
    )


def booking_message(booking: Booking, payment: Payment | None = None) -> booking_pb2.Booking:
    return booking_pb2.Booking(
        name=booking_name(booking.user, booking.booking),
        showtime=showtime_name(booking.showtime),
        state=cast("booking_pb2.Booking.State.ValueType", booking.state.value),
        tickets=[
            booking_pb2.Ticket(
                seat=ticket.seat,
                ticket_type=cast("showtime_pb2.TicketType.ValueType", ticket.ticket_type.value),
                price=money_message(booking.currency, ticket.minor),
            )
            for ticket in booking.tickets
        ],
        total=money_message(booking.currency, booking.minor),
        hold_expire_time=timestamp(booking.hold_until),
        extended=booking.extended,
        create_time=timestamp(booking.create_time),
        update_time=timestamp(booking.update_time),
        payment=payment_message(payment) if payment is not None else None,
    )


def change_message(change: MapChange, state: "SeatStatus.State.ValueType") -> events_pb2.SeatMapChange:
    return events_pb2.SeatMapChange(version=change.version, seats=change.seats, state=state)
