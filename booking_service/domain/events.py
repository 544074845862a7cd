"""What happened, as other contexts are told."""

from dataclasses import dataclass

from booking_service.domain.bookings import Booking, MapChange
from booking_service.domain.showtimes import Showtime


@dataclass(frozen=True, slots=True)
class ShowtimeScheduled:
    showtime: Showtime


@dataclass(frozen=True, slots=True)
class ShowtimeUpdated:
    showtime: Showtime


@dataclass(frozen=True, slots=True)
class ShowtimeDeleted:
    """As it was."""

    showtime: Showtime


@dataclass(frozen=True, slots=True)
class SeatsHeld:
    booking: Booking
    change: MapChange


@dataclass(frozen=True, slots=True)
class HoldExtended:
    booking: Booking


@dataclass(frozen=True, slots=True)
class HoldReleased:
    booking: Booking
    change: MapChange


@dataclass(frozen=True, slots=True)
class HoldExpired:
    booking: Booking
    change: MapChange


@dataclass(frozen=True, slots=True)
class BookingConfirmed:
    booking: Booking
    change: MapChange


@dataclass(frozen=True, slots=True)
class BookingCanceled:
    """Without a change when the map was closed before, with its showtime."""

    booking: Booking
    change: MapChange | None


@dataclass(frozen=True, slots=True)
class BookingRefunded:
    booking: Booking


@dataclass(frozen=True, slots=True)
class ShowtimeCanceled:
    """Its map is closed by this last version."""

    showtime: Showtime
    change: MapChange


Event = (
    ShowtimeScheduled
    | ShowtimeUpdated
    | ShowtimeDeleted
    | ShowtimeCanceled
    | SeatsHeld
    | HoldExtended
    | HoldReleased
    | HoldExpired
    | BookingConfirmed
    | BookingCanceled
    | BookingRefunded
)
