"""Seats that a user holds, has bought, or once did."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from booking_service.domain.errors import SeatUnknown, SingleSeatLeft, TicketNotSold
from booking_service.domain.showtimes import Showtime, TicketType
from booking_service.domain.venues import Layout


class BookingState(Enum):
    """HELD → CONFIRMED → CHECKED_IN or CANCELED → REFUNDED; HELD → EXPIRED or RELEASED; EXPIRED → CONFIRMED by a late payment. The numbers
    are stored."""

    HELD = 1
    CONFIRMED = 2
    CHECKED_IN = 3
    CANCELED = 4
    REFUNDED = 5
    EXPIRED = 6
    RELEASED = 7


@dataclass(frozen=True, slots=True)
class Ticket:
    """`minor` is the price in minor units of the booking's currency."""

    seat: str
    ticket_type: TicketType
    minor: int


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes something, from where, in which trace."""

    actor: str
    address: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class HoldRules:
    """How long a hold lasts, and how many of one showtime a user may have at once."""

    lifetime: timedelta = timedelta(minutes=10)
    live_holds: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """`user`, `booking` and `showtime` are ids. `hold_until` is of the database's clock, and so is whether `state` is EXPIRED by now.

    `tickets` are in the order of their seats, which is the order in which seats are claimed.
    """

    user: str
    booking: str
    showtime: str
    state: BookingState
    tickets: tuple[Ticket, ...]
    currency: str
    hold_until: datetime
    extended: bool
    create_time: datetime
    update_time: datetime

    @property
    def seats(self) -> list[str]:
        return [ticket.seat for ticket in self.tickets]

    @property
    def minor(self) -> int:
        return sum(ticket.minor for ticket in self.tickets)


@dataclass(frozen=True, slots=True)
class MapChange:
    """What an event does to the seats of a showtime: each version of a map is made by exactly one."""

    version: int
    seats: tuple[str, ...] = field(default=())


def tickets_for(showtime: Showtime, layout: Layout, choices: Mapping[str, TicketType]) -> tuple[Ticket, ...]:
    """In the order of the seats. Raises SeatUnknown, TicketNotSold."""
    if unknown := sorted(choices.keys() - layout.by_id.keys()):
        raise SeatUnknown(showtime.showtime, unknown)
    minor = {seat: showtime.prices.minor.get((layout.by_id[seat].zone, kind)) for seat, kind in choices.items()}
    if not_sold := sorted(seat for seat, price in minor.items() if price is None):
        raise TicketNotSold(showtime.showtime, not_sold)
    return tuple(Ticket(seat, choices[seat], price) for seat, price in sorted(minor.items()) if price is not None)


def require_no_single_seat(showtime: str, layout: Layout, taken: Collection[str], wanted: Collection[str]) -> None:
    """Where the hall has the rule. A seat that was alone before is nobody's fault, and so is the last one of a row: somebody has to take
    what is beside it. Raises SingleSeatLeft."""
    if not layout.leave_no_single_seat:
        return
    after, left = {*taken, *wanted}, []
    for row in {layout.by_id[seat].row for seat in wanted}:
        seats = [seat.seat for seat in layout.rows[row]]
        free = [seat for seat in seats if seat not in after]
        if len(free) == 1:
            continue
        left += [seat for seat in _alone(seats, after) if seat not in _alone(seats, taken)]
    if left:
        raise SingleSeatLeft(showtime, sorted(left))


def _alone(seats: list[str], taken: Collection[str]) -> list[str]:
    """Those that are free between two that are not; the end of a row is as one that is taken."""
    return [
        seat
        for index, seat in enumerate(seats)
        if seat not in taken and (index == 0 or seats[index - 1] in taken) and (index == len(seats) - 1 or seats[index + 1] in taken)
    ]
