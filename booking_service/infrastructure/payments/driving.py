"""Drives payments on: asks the provider what the next step says, outside any transaction, and writes down what it answers, inside one."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from booking_service.application.payment_commands import CASHIER, take_word
from booking_service.application.provider import PaymentProvider, ProviderAway, Seen
from booking_service.application.showtime_cancelling import undo_bookings
from booking_service.domain.bookings import Change
from booking_service.domain.errors import SeatsTaken, ShowtimeBegun, ShowtimeCanceled
from booking_service.domain.payments import Payment, Step
from booking_service.infrastructure.postgres.payments import PostgresDuePayments
from booking_service.infrastructure.postgres.unit_of_work import BookingUnitOfWork
from mesh.events.leading import OUTAGES, going_on
from mesh.postgres.faults import TRANSACTION_CONFLICTS

_log = structlog.get_logger(__name__)
_AT_ONCE = 20
_LOOK_SECONDS = 1.0


class PaymentDriver:
    """Any number may drive one payment: the provider does each step once, and what it says is believed in one order only."""

    def __init__(self, unit_of_work: Callable[[], BookingUnitOfWork], provider: PaymentProvider | None) -> None:
        self._unit_of_work, self._provider = unit_of_work, provider

    @property
    def takes_payments(self) -> bool:
        return self._provider is not None

    async def drive(self, payment: Payment, change: Change = CASHIER) -> Payment:
        """As far as it goes now: to its end, or until the provider has to decide, or is away."""
        last = None
        while (step := payment.next_step) not in (Step.NONE, last):
            if step is Step.LOOK and last is not None:
                break  # it has just said that it takes time
            try:
                seen = await self._asked(step, payment)
            except ProviderAway as error:
                _log.warning("payment_provider_away", payment=payment.payment, step=step.name, detail=str(error))
                break
            payment, last = await self.note(payment.payment, seen, change) or payment, step
        return payment

    async def note(self, payment_id: str, seen: Seen, change: Change = CASHIER, *, at_once: bool = False) -> Payment | None:
        """See `take_word`. Raises BookingNotFound, and what a transaction may."""
        try:
            return await self._note(payment_id, seen, change, at_once=at_once)
        except (SeatsTaken, ShowtimeCanceled, ShowtimeBegun):
            return await self._note(payment_id, seen, change, at_once=at_once, seats_are_gone=True)

    async def _note(self, payment_id: str, seen: Seen, change: Change, *, at_once: bool, seats_are_gone: bool = False) -> Payment | None:
        async with self._unit_of_work() as uow:
            payment = await take_word(uow, payment_id, seen, change, at_once=at_once, seats_are_gone=seats_are_gone)
            await uow.commit()
            return payment

    async def _asked(self, step: Step, payment: Payment) -> Seen:
        if self._provider is None:
            raise ProviderAway("there is none")
        match step:
            case Step.AUTHORISE:
                return await self._provider.authorise(payment)
            case Step.CAPTURE:
                return await self._provider.capture(payment)
            case Step.VOID:
                return await self._provider.void(payment)
            case Step.REFUND:
                return await self._provider.refund(payment)
            case _:
                return await self._provider.look(payment)


class Closing(Protocol):
    async def close(self) -> None: ...


class Cashier:
    """Goes on with what was left: payments whose driver is gone, those that wait, and bookings of canceled showtimes. `client` is closed at
    the end."""

    def __init__(
        self, unit_of_work: Callable[[], BookingUnitOfWork], driver: PaymentDriver, due: PostgresDuePayments, client: Closing | None
    ) -> None:
        self._unit_of_work, self._driver, self._due, self._client = unit_of_work, driver, due, client
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something is to be done at once."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        ending = asyncio.create_task(stop.wait())
        try:
            while going_on(stop):
                self._woken.clear()
                if not await self._round():
                    waking = asyncio.create_task(self._woken.wait())
                    await asyncio.wait({waking, ending}, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                    waking.cancel()
        finally:
            ending.cancel()
            if self._client is not None:
                await self._client.close()

    async def _round(self) -> bool:
        """Whether there was anything to do."""
        try:
            async with self._unit_of_work() as uow:
                undone = await undo_bookings(uow)
                await uow.commit()
            payments = await self._due.take(_AT_ONCE)
        except (*OUTAGES, *TRANSACTION_CONFLICTS) as error:
            _log.warning("cashier_interrupted", error=type(error).__name__)
            return False
        await asyncio.gather(*(self._go_on(payment) for payment in payments))
        return bool(undone or payments)

    async def _go_on(self, payment: Payment) -> None:
        """It is due again later, whatever goes wrong."""
        try:
            # Said again, since the hold may have ended: then there is nothing to authorise any more.
            known = await self._driver.note(payment.payment, Seen(payment.charge))
            if known is not None:
                await self._driver.drive(known)
        except (*OUTAGES, *TRANSACTION_CONFLICTS) as error:
            _log.warning("payment_interrupted", payment=payment.payment, error=type(error).__name__)
        except Exception:
            _log.exception("payment_failed", payment=payment.payment)
