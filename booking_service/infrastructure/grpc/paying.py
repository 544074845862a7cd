"""ConfirmBooking and CancelBooking: what is asked of money."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from booking_service.application.payment_commands import Offer, begin_payment, cancel_booking
from booking_service.application.ports import BookingReader
from booking_service.domain.bookings import BookingState
from booking_service.domain.errors import BookingNotFound, PaymentDeclined, SeatsLost
from booking_service.domain.payments import Charge, Goal, Payment
from booking_service.infrastructure.grpc.callers import booker, change_of
from booking_service.infrastructure.grpc.names import ids_of
from booking_service.infrastructure.grpc.translate import booking_message
from booking_service.infrastructure.payments.driving import Cashier, PaymentDriver
from booking_service.infrastructure.postgres.payments import PostgresPaymentReader
from booking_service.infrastructure.postgres.unit_of_work import BookingUnitOfWork
from mesh.call import Call
from mesh.errors import Unavailable
from mesh.ids import uuid7
from mesh.postgres.idempotency import once
from reelmesh.booking.v1.booking_service_pb2 import (
    CancelBookingRequest,
    CancelBookingResponse,
    ConfirmBookingRequest,
    ConfirmBookingResponse,
)

_TO_ANSWER_SECONDS = 1.0
_WITHOUT_SEATS = (BookingState.HELD, BookingState.EXPIRED, BookingState.RELEASED)


class PaymentEndpoint:
    """For BookingServicer."""

    def __init__(
        self,
        unit_of_work: Callable[[], BookingUnitOfWork],
        bookings: BookingReader,
        payments: PostgresPaymentReader,
        driver: PaymentDriver,
        cashier: Cashier,
    ) -> None:
        self._unit_of_work, self._bookings, self._payments = unit_of_work, bookings, payments
        self._driver, self._cashier = driver, cashier

    async def confirm(self, request: ConfirmBookingRequest, call: Call) -> ConfirmBookingResponse:
        """What is stored with the request id is which payment it began; the answer is how that stands now."""
        user, change = booker(request.name, call), change_of(call)
        booking_id = ids_of(request.name)[1]
        offer = Offer(user, booking_id, request.payment_method, uuid7())

        async def effect(uow: BookingUnitOfWork) -> ConfirmBookingResponse:
            booking, payment = await begin_payment(uow, offer, change)
            if payment is not None and not self._driver.takes_payments:
                raise Unavailable("PAYMENT_PROVIDER_AWAY", "No payments are taken here.")
            return ConfirmBookingResponse(booking=booking_message(booking, payment))

        begun = await once(self._unit_of_work, call, request, ConfirmBookingResponse, effect)
        payment = await self._payments.payment(begun.booking.payment.payment_id) if begun.booking.HasField("payment") else None
        if payment is not None:
            # What is not done by then is done by the cashier, when the lease of this call has ended.
            with suppress(TimeoutError):
                async with asyncio.timeout(call.deadline.shortened(_TO_ANSWER_SECONDS).remaining()):
                    payment = await self._driver.drive(payment, change)
        booking = await self._bookings.booking(user, booking_id)
        if booking is None:
            raise BookingNotFound(user, booking_id)
        if booking.state in _WITHOUT_SEATS and payment is not None:
            _require_hope(payment)
        return ConfirmBookingResponse(booking=booking_message(booking, payment))

    async def cancel(self, request: CancelBookingRequest, call: Call) -> CancelBookingResponse:
        user, change = booker(request.name, call), change_of(call)
        booking_id = ids_of(request.name)[1]

        async def effect(uow: BookingUnitOfWork) -> CancelBookingResponse:
            booking, payment = await cancel_booking(uow, user, booking_id, change)
            return CancelBookingResponse(booking=booking_message(booking, payment))

        canceled = await once(self._unit_of_work, call, request, CancelBookingResponse, effect)
        self._cashier.wake()
        return canceled


def _require_hope(payment: Payment) -> None:
    """Raises what has become of a payment that brought no seats."""
    if payment.charge is Charge.DECLINED:
        raise PaymentDeclined(payment.user, payment.booking)
    if payment.goal is Goal.RETURN:
        raise SeatsLost(payment.user, payment.booking)
