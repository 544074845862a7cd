"""Money and seats come together and go apart together, whatever the provider does and wherever the process dies."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.api.httpbody_pb2 import HttpBody

from booking_service.application.provider import ProviderAway
from booking_service.infrastructure.payments.provider import IntentProvider
from booking_service.infrastructure.settings import PaymentSettings
from mesh.postgres.statements import text_statement
from reelmesh.booking.v1 import payment_service_pb2 as p
from reelmesh.booking.v1.booking_pb2 import Booking
from reelmesh.booking.v1.payment_pb2 import Payment
from stack.payments.webhooks import signature
from tests.component.booking.calling import ALICE, SHOWTIME
from tests.component.booking.conftest import Start
from tests.component.booking.sandbox import API_KEY, WEBHOOK_SECRET, Sandbox, sandbox
from tests.services import failure, token

B, P = Booking, Payment
_SEATS = text_statement("SELECT user_id, booking_id, seat FROM seat_claims WHERE until = 'infinity'")
_DUE = text_statement("SELECT true FROM payments WHERE due_time IS NOT NULL LIMIT 1")
_STATES = text_statement("SELECT user_id, booking_id, state, seats FROM bookings")


@asynccontextmanager
async def paying(
    start: Start, directory: Path, *, hears: bool = True, lifetime: float = 600, **more: Any
) -> AsyncIterator[tuple[Any, Sandbox]]:
    """The service with a provider; it hears its webhooks, as a gRPC call each."""
    loop, called = asyncio.get_running_loop(), [None]

    def send(body: bytes, signed: str) -> bool:
        return asyncio.run_coroutine_threadsafe(taken(called[0], body, signed), loop).result(10)

    with sandbox(directory, send if hears else None) as provider:
        settings = PaymentSettings(url=provider.url, api_key=API_KEY, webhook_secrets=(WEBHOOK_SECRET,), pause=1)
        async with start(lifetime=lifetime, live_holds=1_000, paying=settings, **more) as booking:
            called[0] = booking
            yield booking, provider
            await asyncio.to_thread(provider.fall_silent)


async def taken(booking: Any, body: bytes, signed: str) -> bool:
    try:
        request = p.HandlePaymentEventRequest(event=HttpBody(content_type="application/json", data=body))
        await booking.HandlePaymentEvent(event=request.event, caller=(("stripe-signature", signed),))
    except grpc.aio.AioRpcError:
        return False
    return True


async def until(booking: Any, name: str, is_so: Callable[[Booking], bool], user: str = ALICE) -> Booking:
    """The booking, when it is so; a failure after 20 seconds."""
    async with asyncio.timeout(20):
        while True:
            found: Booking = (await booking.GetBooking(name=name, caller=token(user))).booking
            if is_so(found):
                return found
            await asyncio.sleep(0.05)


async def test_a_hold_is_paid_for_and_given_back(start: Start, tmp_path: Path) -> None:
    async with paying(start, tmp_path / "sandbox") as (booking, provider):
        await booking.programme()
        held = await booking.hold("A1", "A2")
        confirmed = (await booking.ConfirmBooking(name=held.name, payment_method="pm_ok", request_id="r1")).booking
        assert (confirmed.state, confirmed.payment.state) == (B.STATE_CONFIRMED, P.STATE_CAPTURED)
        assert (await booking.ConfirmBooking(name=held.name, payment_method="pm_ok", request_id="r1")).booking == confirmed
        assert (await booking.ConfirmBooking(name=held.name, payment_method="pm_other")).booking == confirmed, "it is paid for"
        assert await booking.taken() == dict.fromkeys(["A1", "A2"], "STATE_SOLD")
        canceled = (await booking.CancelBooking(name=held.name)).booking
        assert (canceled.state, canceled.payment.state) == (B.STATE_CANCELED, P.STATE_REFUND_DUE)
        assert await booking.taken() == {}
        back = await until(booking, held.name, lambda found: found.state == B.STATE_REFUNDED)
        assert back.payment.state == P.STATE_REFUNDED
        assert (await booking.CancelBooking(name=held.name)).booking == back
        (intent,) = provider.ledger.all_intents()
        assert intent["latest_charge"]["refunded"]
        assert [name for name, _ in await booking.told()][-4:] == ["SeatsHeld", "BookingConfirmed", "BookingCanceled", "BookingRefunded"]


async def test_a_declined_payment_can_be_followed_by_another(start: Start, tmp_path: Path) -> None:
    async with paying(start, tmp_path / "sandbox") as (booking, _):
        await booking.programme()
        held = await booking.hold("A1")
        for _ in range(2):
            answer = await failure(booking.ConfirmBooking(name=held.name, payment_method="pm_declined", request_id="r1"))
            assert (answer.code, answer.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "PAYMENT_DECLINED")
        assert (await failure(booking.ConfirmBooking(name=held.name))).reason == "PAYMENT_METHOD_MISSING"
        assert (await booking.ConfirmBooking(name=held.name, payment_method="pm_ok")).booking.state == B.STATE_CONFIRMED
        assert (await failure(booking.ReleaseHold(name=held.name))).reason == "BOOKING_NOT_HELD"


async def test_who_cannot_pay_here_is_told_so_and_nothing_is_begun(booking: Any) -> None:
    await booking.programme()
    held = await booking.hold("A1")
    assert (await failure(booking.ConfirmBooking(name=held.name, payment_method="pm_ok"))).reason == "PAYMENT_PROVIDER_AWAY"
    assert not (await booking.GetBooking(name=held.name)).booking.HasField("payment")
    assert (await failure(booking.CancelBooking(name=held.name))).reason == "BOOKING_NOT_CONFIRMED"


@pytest.mark.parametrize("hears", [True, False])
async def test_a_late_payment_comes_by_webhook_or_because_it_is_asked_for(start: Start, tmp_path: Path, hears: bool) -> None:
    async with paying(start, tmp_path / "sandbox", hears=hears) as (booking, provider):
        provider.ledger.control({"settle_seconds": [0.2, 0.2]})
        await booking.programme()
        held = await booking.hold("A1")
        pending = (await booking.ConfirmBooking(name=held.name, payment_method="pm_late")).booking
        assert (pending.state, pending.payment.state) == (B.STATE_HELD, P.STATE_PENDING)
        assert (await failure(booking.ConfirmBooking(name=held.name, payment_method="pm_ok"))).reason == "PAYMENT_IN_PROGRESS"
        if not hears:
            await asyncio.sleep(0.3)
            await booking.ConfirmBooking(name=held.name, payment_method="pm_late")
        done = await until(booking, held.name, lambda found: found.payment.state == P.STATE_CAPTURED)
        assert done.state == B.STATE_CONFIRMED


@pytest.mark.parametrize(("somebody_else", "method"), [(False, "pm_late"), (True, "pm_late"), (True, "pm_transfer")])
async def test_money_after_the_end_of_a_hold_brings_the_seats_or_goes_back(
    start: Start, tmp_path: Path, somebody_else: bool, method: str
) -> None:
    async with paying(start, tmp_path / "sandbox", lifetime=1) as (booking, provider):
        provider.ledger.control({"settle_seconds": [2, 2]})
        await booking.programme()
        held = await booking.hold("A1")
        await booking.ConfirmBooking(name=held.name, payment_method=method)
        await until(booking, held.name, lambda found: found.state == B.STATE_EXPIRED)
        if somebody_else:
            other = await booking.hold("A1", user="users/bob")
            await booking.ConfirmBooking(name=other.name, payment_method="pm_ok", caller=token("users/bob"))
        ended = P.STATE_CAPTURED if not somebody_else else P.STATE_VOIDED if method == "pm_late" else P.STATE_REFUNDED
        done = await until(booking, held.name, lambda found: found.payment.state == ended)
        assert done.state == (B.STATE_EXPIRED if somebody_else else B.STATE_CONFIRMED)
        (owner,) = await booking.database.fetch_all(_SEATS)
        assert owner[0] == ("bob" if somebody_else else "alice")


async def test_an_authorisation_that_lapses_takes_the_seats_along(start: Start, tmp_path: Path) -> None:
    async with paying(start, tmp_path / "sandbox") as (booking, _):
        await booking.programme()
        held = await booking.hold("A1")
        await booking.ConfirmBooking(name=held.name, payment_method="pm_lapsing")
        done = await until(booking, held.name, lambda found: found.state == B.STATE_REFUNDED)
        assert done.payment.state == P.STATE_VOIDED
        assert await booking.taken() == {}


async def test_a_canceled_showtime_gives_everybody_the_money_back(start: Start, tmp_path: Path) -> None:
    async with paying(start, tmp_path / "sandbox") as (booking, _):
        await booking.programme()
        paid, held = await booking.hold("A1"), await booking.hold("A2")
        await booking.ConfirmBooking(name=paid.name, payment_method="pm_ok")
        canceled = (await booking.CancelShowtime(name=SHOWTIME)).showtime
        assert (await booking.CancelShowtime(name=SHOWTIME)).showtime == canceled
        assert (await until(booking, paid.name, lambda found: found.state == B.STATE_REFUNDED)).payment.state == P.STATE_REFUNDED
        await until(booking, held.name, lambda found: found.state == B.STATE_RELEASED)
        assert (await failure(booking.hold("A3"))).reason == "SHOWTIME_CANCELED"


async def test_an_event_that_is_not_signed_or_has_no_form_is_refused(start: Start, tmp_path: Path) -> None:
    async with paying(start, tmp_path / "sandbox") as (booking, _):
        event = HttpBody(content_type="application/json", data=b"{}")
        answer = await failure(booking.HandlePaymentEvent(event=event, caller=()))
        assert (answer.code, answer.reason) == (grpc.StatusCode.PERMISSION_DENIED, "SIGNATURE_WRONG")
        signed = (("stripe-signature", signature(WEBHOOK_SECRET, b"{}", int(time.time()))),)
        assert (await failure(booking.HandlePaymentEvent(event=event, caller=signed))).fields == ["event"]


class Dies(Exception):
    """The process, at this point."""


# Each is a step, and whether the process dies before the provider is asked or before its answer is written down.
POINTS = [(step, after) for step in ("authorise", "capture", "void", "refund") for after in (False, True)]


@pytest.mark.parametrize(("step", "after"), POINTS)
async def test_whoever_dies_at_any_point_is_followed_by_somebody_who_goes_on(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    """The call is broken off there once; the cashier finds what is in the database, as another process would."""
    died: list[str] = []
    asked = getattr(IntentProvider, step)

    async def dying(self: IntentProvider, payment: Any) -> Any:
        if died:
            return await asked(self, payment)
        if after:
            await asked(self, payment)
        died.append(step)
        raise Dies

    monkeypatch.setattr(IntentProvider, step, dying)
    async with paying(start, tmp_path / "sandbox", hears=False) as (booking, provider):
        await booking.programme()
        held = await booking.hold("A1")
        lost_seats = step == "void"
        with_call = booking.ConfirmBooking(name=held.name, payment_method="pm_ok")
        if lost_seats:
            await booking.database.execute(text_statement("UPDATE seat_claims SET user_id = 'bob', until = 'infinity'"))
        await asyncio.gather(with_call, return_exceptions=True)
        await _due_now(booking)
        if step == "refund":
            await booking.CancelBooking(name=held.name)
            await asyncio.sleep(0.2)
            await _due_now(booking)
        ends = {"void": P.STATE_VOIDED, "refund": P.STATE_REFUNDED}
        done = await until(booking, held.name, lambda found: found.payment.state == ends.get(step, P.STATE_CAPTURED))
        assert died == [step]
        assert done.state == {"void": B.STATE_HELD, "refund": B.STATE_REFUNDED}.get(step, B.STATE_CONFIRMED)
        assert len(provider.ledger.all_intents()) == 1


async def _due_now(booking: Any) -> None:
    """The lease of whoever died has ended."""
    await booking.database.execute(text_statement("UPDATE payments SET due_time = clock_timestamp() WHERE due_time IS NOT NULL"))


async def _money_and_tickets(booking: Any, provider: Sandbox) -> tuple[set[str], set[str]]:
    """Bookings that are paid for at the provider's, and those that have their seats."""
    kept = {
        i["metadata"]["booking"] for i in provider.ledger.all_intents() if i["status"] == "succeeded" and not i["latest_charge"]["refunded"]
    }
    sold: dict[str, list[str]] = {}
    for user, name, seat in await booking.database.fetch_all(_SEATS):
        sold.setdefault(f"users/{user}/bookings/{name}", []).append(seat)
    for user, name, state, seats in await booking.database.fetch_all(_STATES):
        if state in (2, 3):
            assert sorted(sold[f"users/{user}/bookings/{name}"]) == sorted(seats)
    return kept, set(sold)


async def _many_payments(start: Start, directory: Path, buyers: int) -> tuple[set[str], set[str], Sequence[str]]:
    """Everybody wants one of few seats, pays late or at once, and about a tenth pay for holds that have ended by then."""
    dice = random.Random(11)
    async with paying(start, directory, lifetime=2) as (booking, provider):
        provider.ledger.control(
            {"settle_seconds": [0, 2.2], "webhook_seconds": [0, 0.8], "webhook_copies": [1, 5], "webhook_loss": 0.05, "decline": 0.1}
        )
        await booking.programme()

        async def buy(number: int) -> None:
            user, seat = f"users/u{number}", f"{dice.choice('ABCD')}{dice.randint(1, 20)}"
            for attempt in range(2):
                try:
                    held = await booking.hold(seat, user=user)
                    method = dice.choice(["pm_ok", "pm_late", "pm_transfer", "pm_late", "pm_lapsing"])
                    await booking.ConfirmBooking(name=held.name, payment_method=method, caller=token(user))
                    return
                except grpc.aio.AioRpcError as error:
                    if error.code() is not grpc.StatusCode.FAILED_PRECONDITION:
                        raise
                    await asyncio.sleep(2.1 * attempt)

        await asyncio.gather(*(buy(number) for number in range(buyers)))
        async with asyncio.timeout(60):
            while await booking.database.fetch_one(_DUE):
                await _due_now(booking)  # what a lost webhook would have told is asked for sooner
                await asyncio.sleep(0.5)
        kept, sold = await _money_and_tickets(booking, provider)
        intents = [intent["status"] for intent in provider.ledger.all_intents()]
        return kept, sold, intents


async def test_r5_money_is_tickets_small(start: Start, tmp_path: Path) -> None:
    kept, sold, intents = await _many_payments(start, tmp_path / "sandbox", 120)
    assert kept == sold
    assert len(sold) > 20
    assert not {"processing", "requires_capture", "requires_confirmation"} & set(intents), "nothing hangs"


@pytest.mark.slow
async def test_r5_money_is_tickets(start: Start, tmp_path: Path) -> None:
    kept, sold, intents = await _many_payments(start, tmp_path / "sandbox", 1_000)
    assert kept == sold
    assert not {"processing", "requires_capture", "requires_confirmation"} & set(intents)


async def test_r5_without_its_guard_money_and_tickets_differ(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: money that brought no seats is not given back."""

    async def stays(self: IntentProvider, payment: Any) -> Any:
        raise ProviderAway("it is not asked")

    monkeypatch.setattr(IntentProvider, "refund", stays)
    async with paying(start, tmp_path / "sandbox", lifetime=1) as (booking, provider):
        provider.ledger.control({"settle_seconds": [1.5, 1.5]})
        await booking.programme()
        held = await booking.hold("A1")
        await booking.ConfirmBooking(name=held.name, payment_method="pm_transfer")
        await until(booking, held.name, lambda found: found.state == B.STATE_EXPIRED)
        await booking.hold("A1", user="users/bob")
        await until(booking, held.name, lambda found: found.payment.state == P.STATE_REFUND_DUE)
        kept, sold = await _money_and_tickets(booking, provider)
        assert kept != sold
