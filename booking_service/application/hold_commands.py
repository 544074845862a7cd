"""Holds: taken, extended, given up, expired.

Whoever changes seats takes its locks in one order: the booking's row, the claims by their seats, the showtime's row. The last is held only
until the commit, and gives the changes of a map their order.
"""

from booking_service.application.ports import UnitOfWork, Wanted
from booking_service.domain.bookings import Booking, BookingState, Change, HoldRules, MapChange, require_no_single_seat
from booking_service.domain.errors import BookingNotHeld, HoldExtendedBefore
from booking_service.domain.events import HoldExpired, HoldExtended, HoldReleased, SeatsHeld
from booking_service.domain.showtimes import Showtime
from booking_service.domain.venues import Layout

_ENDED = (BookingState.EXPIRED, BookingState.RELEASED)
# In the audit: what nobody asked for.
SWEEPER = Change("services/booking", "", "")


async def hold_seats(uow: UnitOfWork, wanted: Wanted, showtime: Showtime, layout: Layout, rules: HoldRules) -> Booking:
    """`showtime` is as the tickets were made out; it has to be so still."""
    if layout.leave_no_single_seat:
        taken = await uow.bookings.taken_seats(wanted.showtime)
        require_no_single_seat(wanted.showtime, layout, taken, [ticket.seat for ticket in wanted.tickets])
    booking = await uow.bookings.hold(wanted, rules)
    version = await uow.showtimes.next_version_on_sale(showtime)
    uow.add_event(SeatsHeld(booking, MapChange(version, tuple(booking.seats))))
    return booking


async def extend_hold(uow: UnitOfWork, user: str, booking_id: str, rules: HoldRules, change: Change) -> Booking:
    booking = await uow.bookings.lock(user, booking_id)
    if booking.state is not BookingState.HELD:
        raise BookingNotHeld(user, booking_id)
    if booking.extended:
        raise HoldExtendedBefore(user, booking_id)
    extended = await uow.bookings.extend(booking, rules, change)
    if extended is None:
        raise BookingNotHeld(user, booking_id)
    uow.add_event(HoldExtended(extended))
    return extended


async def release_hold(uow: UnitOfWork, user: str, booking_id: str, change: Change) -> Booking:
    """One that has ended stays as it is."""
    booking = await uow.bookings.lock(user, booking_id)
    if booking.state in _ENDED:
        return booking
    if booking.state is not BookingState.HELD:
        raise BookingNotHeld(user, booking_id)
    released, freed = await uow.bookings.free(booking, BookingState.RELEASED, change)
    version = await uow.showtimes.next_version(booking.showtime)
    uow.add_event(HoldReleased(released, MapChange(version, tuple(freed))))
    return released


async def sweep_expired(uow: UnitOfWork) -> bool:
    """One hold that has ended; False when there is none. Not several at once: their claims are in no common order."""
    booking = await uow.bookings.expired()
    if booking is None:
        return False
    expired, freed = await uow.bookings.free(booking, BookingState.EXPIRED, SWEEPER)
    version = await uow.showtimes.next_version(booking.showtime)
    uow.add_event(HoldExpired(expired, MapChange(version, tuple(freed))))
    return True
