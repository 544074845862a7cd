"""How money and seats come together, and apart again: never one without the other.

Locks are taken in the order of all changes of seats (see `hold_commands`), the payment's row behind the booking's. Nothing here asks the
provider: what it says is brought along, and what it is to be told is what the payment's next step says after the commit.
"""

from dataclasses import dataclass

from booking_service.application.ports import UnitOfWork
from booking_service.application.provider import Seen
from booking_service.domain.bookings import Booking, BookingState, Change, MapChange
from booking_service.domain.errors import (
    BookingNotConfirmed,
    BookingNotFound,
    BookingNotHeld,
    PaymentInProgress,
    PaymentMethodMissing,
)
from booking_service.domain.events import BookingCanceled, BookingConfirmed, BookingRefunded
from booking_service.domain.payments import Goal, Payment, Step

_PAID_FOR = (BookingState.CONFIRMED, BookingState.CHECKED_IN)
_GIVEN_BACK = (BookingState.CANCELED, BookingState.REFUNDED)
# A hold that has ended is worth a try: nobody else may have taken the seats.
_MAY_BE_CONFIRMED = (BookingState.HELD, BookingState.EXPIRED)
# In the audit: what the provider brought about.
CASHIER = Change("services/booking", "", "")


@dataclass(frozen=True, slots=True)
class Offer:
    """A user's wish to pay: the booking, with what, and the id of the payment should there be a new one."""

    user: str
    booking: str
    method: str
    payment: str


async def begin_payment(uow: UnitOfWork, offer: Offer, change: Change) -> tuple[Booking, Payment | None]:
    """The payment that is on its way, which may have been before; None where there is nothing to pay, which confirms the booking."""
    booking = await uow.bookings.lock(offer.user, offer.booking)
    last = await uow.payments.last_of(booking)
    if booking.state in _PAID_FOR:
        return booking, last
    if last is not None and not last.is_over and last.goal is Goal.UNDECIDED:
        if offer.method != last.method:
            raise PaymentInProgress(offer.user, offer.booking)
        return booking, last
    if booking.state is not BookingState.HELD:
        raise BookingNotHeld(offer.user, offer.booking)
    if not booking.minor:
        return await _with_seats(uow, booking, change), None
    if not offer.method:
        raise PaymentMethodMissing(offer.user, offer.booking)
    return booking, await uow.payments.add(booking, offer.payment, offer.method, change)


async def take_word(
    uow: UnitOfWork, payment_id: str, seen: Seen, change: Change, *, seats_are_gone: bool = False, at_once: bool = False
) -> Payment | None:
    """What the provider says, and what follows from it: with the money come the seats, or it is to go back. None for a payment that is not
    ours.

    Raises SeatsTaken, ShowtimeCanceled, ShowtimeBegun when the seats cannot be had; then it is called again, knowing that `seats_are_gone`.
    `at_once` is for a caller who will not drive the payment on.
    """
    before = await uow.payments.find(payment_id)
    if before is None:
        return None
    try:
        booking = await uow.bookings.lock(before.user, before.booking)
    except BookingNotFound:  # erased with its user: whatever has been paid goes back, and then nobody needs to know
        payment = before.seen(seen.charge, seen.reference).returned()
        return await uow.payments.save(payment, change, at_once=at_once)
    before = await uow.payments.lock(payment_id)
    payment = before.seen(seen.charge, seen.reference)
    if payment.next_step is Step.DECIDE:
        keep = not seats_are_gone and booking.state in _MAY_BE_CONFIRMED
        if keep:
            booking = await _with_seats(uow, booking, change)
        payment = payment.decided(keep=keep)
    elif payment.next_step is Step.AUTHORISE and booking.state is not BookingState.HELD:
        payment = payment.decided(keep=False)  # the provider may not even have been asked, and need not be any more
    elif payment.has_lost_its_money:
        if booking.state is BookingState.CONFIRMED:
            booking = await _without_seats(uow, booking, change, must_be_open=False)
        payment = payment.returned()
    if payment == before:
        return before
    if payment.is_over and booking.state is BookingState.CANCELED:
        uow.add_event(BookingRefunded(await uow.sales.refund(booking, change)))
    return await uow.payments.save(payment, change, at_once=at_once)


async def cancel_booking(uow: UnitOfWork, user: str, booking_id: str, change: Change) -> tuple[Booking, Payment | None]:
    """The booking without its seats, and the payment that is to go back. Raises BookingNotConfirmed, ShowtimeBegun."""
    booking = await uow.bookings.lock(user, booking_id)
    payment = await uow.payments.last_of(booking)
    if booking.state in _GIVEN_BACK:
        return booking, payment
    if booking.state is not BookingState.CONFIRMED:
        raise BookingNotConfirmed(user, booking_id)
    if payment is not None:
        payment = await uow.payments.save(payment.returned(), change, at_once=True)
    return await _without_seats(uow, booking, change, must_be_open=True), payment


async def _with_seats(uow: UnitOfWork, booking: Booking, change: Change) -> Booking:
    confirmed = await uow.sales.confirm(booking, change)
    version = await uow.sales.next_version_while_open(booking.showtime)
    uow.add_event(BookingConfirmed(confirmed, MapChange(version, tuple(booking.seats))))
    return confirmed


async def _without_seats(uow: UnitOfWork, booking: Booking, change: Change, *, must_be_open: bool) -> Booking:
    canceled, freed = await uow.bookings.free(booking, BookingState.CANCELED, change)
    version = await (uow.sales.next_version_while_open(booking.showtime) if must_be_open else uow.showtimes.next_version(booking.showtime))
    uow.add_event(BookingCanceled(canceled, MapChange(version, tuple(freed))))
    return canceled
