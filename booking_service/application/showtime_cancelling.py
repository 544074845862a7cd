"""A showtime that does not take place: first nobody gets seats any more, then everybody gets the money back.

In two steps, since a booking that comes in between is seen by the second: whoever changes seats of a showtime has to find it open.
"""

from datetime import datetime

from booking_service.application.payment_commands import CASHIER
from booking_service.application.ports import UnitOfWork
from booking_service.domain.bookings import BookingState, Change, MapChange
from booking_service.domain.events import BookingCanceled, ShowtimeCanceled
from booking_service.domain.showtimes import Showtime, ShowtimeState
from booking_service.domain.venues import require_etag

_AT_ONCE = 50
_PAID_FOR = (BookingState.CONFIRMED, BookingState.CHECKED_IN)


async def cancel_showtime(uow: UnitOfWork, showtime_id: str, etag: str, now: datetime, change: Change) -> Showtime:
    """Raises ShowtimeNotFound, ResourceChanged, ShowtimeBegun."""
    found, _ = await uow.showtimes.lock(showtime_id)
    require_etag(etag, found.etag)
    if found.state is ShowtimeState.CANCELED:
        return found
    version = await uow.sales.next_version_while_open(showtime_id)
    canceled = found.canceled(now)
    await uow.showtimes.save(canceled, change)
    uow.add_event(ShowtimeCanceled(canceled, MapChange(version)))
    return canceled


async def undo_bookings(uow: UnitOfWork) -> int:
    """Some bookings of showtimes that do not take place; how many. The map of such a showtime is closed: it has no more versions."""
    left = await uow.sales.left_of_canceled_showtimes(_AT_ONCE)
    for user, booking_id in left:
        booking = await uow.bookings.lock(user, booking_id)
        payment = await uow.payments.last_of(booking)
        if payment is not None and not payment.is_over:
            await uow.payments.save(payment.returned(), CASHIER, at_once=True)
        if booking.state in _PAID_FOR:
            canceled, _ = await uow.bookings.free(booking, BookingState.CANCELED, CASHIER)
            uow.add_event(BookingCanceled(canceled, None))
        else:
            await uow.bookings.free(booking, BookingState.RELEASED, CASHIER)
    return len(left)
