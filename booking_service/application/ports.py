"""What the use cases need from outside, in their own words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from booking_service.domain.bookings import Booking, BookingState, Change, HoldRules, Ticket
from booking_service.domain.events import Event
from booking_service.domain.payments import Payment
from booking_service.domain.showtimes import Showtime
from booking_service.domain.venues import Hall, Layout, Venue

Position = tuple[datetime, str]


class Catalogue(Protocol):
    """The movie context."""

    async def require(self, movie: str) -> None:
        """Raises MovieNotFound for one that does not exist or is deleted, Unavailable when that cannot be told."""


class Venues(Protocol):
    """Venues and halls, inside a transaction."""

    async def add_venue(self, venue: Venue) -> None:
        """Raises VenueAlreadyExists."""

    async def lock_venue(self, venue: str) -> Venue:
        """Raises VenueNotFound."""

    async def save_venue(self, venue: Venue) -> None: ...

    async def remove_venue(self, venue: str) -> None:
        """Raises VenueHasHalls."""

    async def add_hall(self, hall: Hall) -> None:
        """Raises HallAlreadyExists, VenueNotFound."""

    async def lock_hall(self, venue: str, hall: str) -> Hall:
        """Raises HallNotFound."""

    async def save_hall(self, hall: Hall) -> None: ...

    async def remove_hall(self, venue: str, hall: str) -> None:
        """Raises HallHasShowtimes."""


class Showtimes(Protocol):
    """Showtimes, inside a transaction."""

    async def add(self, showtime: Showtime, change: Change) -> None:
        """Raises ShowtimeAlreadyExists, HallOccupied."""

    async def lock(self, showtime: str) -> tuple[Showtime, Layout]:
        """Nobody gets seats of it until this transaction ends; raises ShowtimeNotFound."""

    async def is_in_use(self, showtime: str) -> bool:
        """Whether somebody has seats now."""

    async def save(self, showtime: Showtime, change: Change) -> None:
        """Raises HallOccupied."""

    async def remove(self, showtime: Showtime, change: Change) -> None:
        """Raises ShowtimeInUse when there is any booking for it."""

    async def next_version(self, showtime: str) -> int:
        """The version of its map with seats that this transaction has freed; its last statement but for events."""

    async def next_version_on_sale(self, showtime: Showtime) -> int:
        """The version of its map with seats that this transaction has claimed; its last statement but for events. Raises what forbids it:
        ShowtimeNotFound, ShowtimeCanceled, ShowtimeBegun, or ShowtimeChanged when `showtime` is not as it is now."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Seats that a user wants to hold; the tickets are in the order of the seats."""

    user: str
    booking: str
    showtime: str
    tickets: tuple[Ticket, ...]
    currency: str
    change: Change


class Bookings(Protocol):
    """Bookings and the claims of their seats, inside a transaction."""

    async def hold(self, wanted: Wanted, rules: HoldRules) -> Booking:
        """All seats or none. Raises SeatsTaken, TooManyHolds, BookingAlreadyExists, ShowtimeNotFound."""

    async def taken_seats(self, showtime: str) -> Sequence[str]:
        """Those that somebody has; nobody else can claim any by `hold` until this transaction ends."""

    async def lock(self, user: str, booking: str) -> Booking:
        """Raises BookingNotFound."""

    async def extend(self, booking: Booking, rules: HoldRules, change: Change) -> Booking | None:
        """None when the hold has ended meanwhile."""

    async def free(self, booking: Booking, state: BookingState, change: Change) -> tuple[Booking, Sequence[str]]:
        """The booking in its new state, and which seats are free by that: somebody else may have got some of an expired hold."""

    async def expired(self) -> Booking | None:
        """A hold that has ended, locked; those that others have locked are left out."""


class Sales(Protocol):
    """Seats for good, inside a transaction that has locked the booking."""

    async def confirm(self, booking: Booking, change: Change) -> Booking:
        """Also of a hold that has ended, if nobody else has its seats; raises SeatsTaken."""

    async def refund(self, booking: Booking, change: Change) -> Booking: ...

    async def next_version_while_open(self, showtime: str) -> int:
        """Of its map; the last statement but for events. Raises ShowtimeNotFound, ShowtimeCanceled, ShowtimeBegun."""

    async def left_of_canceled_showtimes(self, limit: int) -> Sequence[tuple[str, str]]:
        """Users and bookings that still have seats of showtimes that do not take place, locked; without those that others have locked."""


class Payments(Protocol):
    """Payments, inside a transaction that has locked their booking, if it is there still."""

    async def add(self, booking: Booking, payment: str, method: str, change: Change) -> Payment: ...

    async def last_of(self, booking: Booking) -> Payment | None: ...

    async def find(self, payment: str) -> Payment | None:
        """Without a lock, to know whose it is."""

    async def lock(self, payment: str) -> Payment: ...

    async def save(self, payment: Payment, change: Change, *, at_once: bool = False) -> Payment:
        """To be driven on later, by whoever comes by, unless nothing is left to do; `at_once` if the caller does not drive it."""


class UnitOfWork(Protocol):
    """One transaction."""

    @property
    def venues(self) -> Venues: ...

    @property
    def showtimes(self) -> Showtimes: ...

    @property
    def bookings(self) -> Bookings: ...

    @property
    def sales(self) -> Sales: ...

    @property
    def payments(self) -> Payments: ...

    def add_event(self, event: Event) -> None: ...


class VenueReader(Protocol):
    """Reads of venues and halls, outside any transaction, by their ids."""

    async def venue(self, venue: str) -> Venue | None: ...

    async def venues(self, limit: int, after: str) -> Sequence[Venue]: ...

    async def hall(self, venue: str, hall: str) -> Hall | None: ...

    async def halls(self, venue: str, limit: int, after: str) -> Sequence[Hall]: ...


@dataclass(frozen=True, slots=True)
class SeatsTaken:
    """The seats of a showtime that are not free, at a version of its map."""

    layout: Layout
    version: int
    open: bool
    held: frozenset[str]
    sold: frozenset[str]


@dataclass(frozen=True, slots=True)
class Programme:
    """Which showtimes: of a movie, of a venue, or both; empty means any."""

    movie: str
    venue: str
    start_from: datetime
    start_before: datetime


class ShowtimeReader(Protocol):
    """Reads of showtimes, outside any transaction."""

    async def showtime(self, showtime: str) -> tuple[Showtime, Layout] | None: ...

    async def page(self, programme: Programme, limit: int, after: Position | None) -> Sequence[Showtime]:
        """The earliest first; the position is (start_time, showtime)."""

    async def seats(self, showtime: str) -> SeatsTaken | None: ...


class BookingReader(Protocol):
    """Reads of bookings, outside any transaction."""

    async def booking(self, user: str, booking: str) -> Booking | None: ...

    async def page(self, user: str, limit: int, after: Position | None) -> Sequence[Booking]:
        """The latest first; the position is (create_time, booking)."""

    async def taken_of(self, showtime: str, seats: Sequence[str]) -> Sequence[str]:
        """Which of these somebody has now."""
