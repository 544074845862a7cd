"""The payment provider, in the words of those who need one."""

from dataclasses import dataclass
from typing import Protocol

from booking_service.domain.payments import Charge, Payment


class ProviderAway(Exception):
    """There is no answer that can be relied upon; whatever was asked may have happened. Asked again, it happens once."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the provider says has happened to the money of a payment, and its own name for it."""

    charge: Charge
    reference: str = ""


class PaymentProvider(Protocol):
    """Each of these has one effect for a payment, however often it is asked, and answers how the payment stands then, whether that is what
    was asked for or not. Raises ProviderAway. Never inside a transaction."""

    async def authorise(self, payment: Payment) -> Seen: ...

    async def look(self, payment: Payment) -> Seen: ...

    async def capture(self, payment: Payment) -> Seen: ...

    async def void(self, payment: Payment) -> Seen:
        """Also of a payment that the provider has never heard of: it cannot be authorised afterwards."""

    async def refund(self, payment: Payment) -> Seen: ...
