"""PaymentService."""

from collections.abc import Callable, Sequence
from datetime import datetime

from booking_service.domain.errors import BookingNotFound
from booking_service.infrastructure.payments.driving import Cashier, PaymentDriver
from booking_service.infrastructure.payments.intents import News, NotUnderstood, news_in
from booking_service.infrastructure.payments.signatures import NotGenuine, require_genuine
from mesh.call import Call
from mesh.errors import Aborted, InvalidArgument, PermissionDenied, Violation
from mesh.postgres.faults import TRANSACTION_CONFLICTS
from reelmesh.booking.v1.payment_service_pb2 import HandlePaymentEventRequest, HandlePaymentEventResponse

_SIGNATURE = "stripe-signature"


class PaymentServicer:
    """`reelmesh.booking.v1.PaymentService`. Any of `secrets` may have signed; without one, nobody has."""

    def __init__(self, driver: PaymentDriver, cashier: Cashier, secrets: Sequence[str], clock: Callable[[], datetime]) -> None:
        self._driver, self._cashier, self._secrets, self._clock = driver, cashier, secrets, clock

    async def HandlePaymentEvent(self, request: HandlePaymentEventRequest, call: Call) -> HandlePaymentEventResponse:
        news = self._read(request.event.data, call.metadata.get(_SIGNATURE, ""))
        if news is not None:
            try:
                await self._driver.note(news.payment, news.seen, at_once=True)
            except BookingNotFound:
                return HandlePaymentEventResponse()  # erased, with its user
            except TRANSACTION_CONFLICTS as conflict:
                raise Aborted("LOST_RACE", "Others changed the same booking at the same time; send it again.") from conflict
            self._cashier.wake()
        return HandlePaymentEventResponse()

    def _read(self, body: bytes, signature: str) -> News | None:
        try:
            require_genuine(signature, body, self._secrets, self._clock())
        except NotGenuine as error:
            raise PermissionDenied("SIGNATURE_WRONG", f"The signature does not hold: {error}.") from error
        try:
            return news_in(body)
        except NotUnderstood as error:
            raise InvalidArgument([Violation("event", str(error))]) from error
