"""The adapter of the payment provider, against the sandbox: each step once, whatever gets lost on the way."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from booking_service.application.provider import ProviderAway, Seen
from booking_service.domain.payments import Charge, Payment
from booking_service.infrastructure.payments.provider import IntentProvider
from tests.component.booking.sandbox import API_KEY, Sandbox, sandbox

_NOW = datetime(2027, 1, 1, tzinfo=UTC)


def payment(method: str = "pm_ok") -> Payment:
    return Payment(payment="p1", user="alice", booking="b1", minor=1_250, currency="EUR", method=method, create_time=_NOW, update_time=_NOW)


def known(paid: Payment, seen: Seen) -> Payment:
    return replace(paid, charge=seen.charge, reference=seen.reference)


class LosingAnswers(httpx.AsyncHTTPTransport):
    """The request arrives, the answer does not: that of each request whose number is in `lost`."""

    def __init__(self, lost: set[int]) -> None:
        super().__init__()
        self.lost, self.count = lost, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        self.count += 1
        if self.count in self.lost:
            await answer.aread()
            raise httpx.ReadError("lost", request=request)
        return answer


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Sandbox]:
    with sandbox(tmp_path) as running:
        yield running


@asynccontextmanager
async def customer(
    provider: Sandbox, transport: httpx.AsyncBaseTransport | None = None, key: str = API_KEY
) -> AsyncIterator[IntentProvider]:
    client = IntentProvider(provider.url, key, transport)
    try:
        yield client
    finally:
        await client.close()


async def test_money_is_authorised_captured_and_refunded(provider: Sandbox) -> None:
    async with customer(provider) as client:
        paid = known(payment(), await client.authorise(payment()))
        assert paid.charge is Charge.AUTHORISED
        assert (await client.capture(paid)).charge is Charge.CAPTURED
        assert (await client.capture(paid)).charge is Charge.CAPTURED, "a second time it is so already"
        assert (await client.void(paid)).charge is Charge.CAPTURED, "too late"
        for _ in range(2):
            assert (await client.refund(paid)).charge is Charge.REFUNDED
    (intent,) = provider.ledger.all_intents()
    assert (intent["amount"], intent["currency"], intent["metadata"]) == (
        1_250,
        "eur",
        {"payment": "p1", "booking": "users/alice/bookings/b1"},
    )


async def test_a_payment_is_voided_whether_or_not_the_provider_has_heard_of_it(provider: Sandbox) -> None:
    async with customer(provider) as client:
        assert (await client.void(payment())).charge is Charge.VOIDED
        assert (await client.authorise(payment())).charge is Charge.VOIDED, "and cannot be authorised any more"
        other = replace(payment(), payment="p2")
        assert (await client.void(known(other, await client.authorise(other)))).charge is Charge.VOIDED


async def test_what_is_declined_is_declined(provider: Sandbox) -> None:
    async with customer(provider) as client:
        for _ in range(2):
            assert (await client.authorise(payment("pm_declined"))).charge is Charge.DECLINED
        assert (await client.authorise(replace(payment("pm_unheard_of"), payment="p2"))).charge is Charge.DECLINED


async def test_a_late_method_is_pending_and_cannot_be_voided_until_it_has_settled(provider: Sandbox) -> None:
    provider.ledger.control({"settle_seconds": [0.3, 0.3]})
    async with customer(provider) as client:
        paid = known(payment("pm_late"), await client.authorise(payment("pm_late")))
        assert paid.charge is Charge.PENDING
        assert (await client.void(paid)).charge is Charge.PENDING
        while (seen := await client.look(paid)).charge is Charge.PENDING:
            continue
        assert seen.charge is Charge.AUTHORISED
        assert (await client.void(paid)).charge is Charge.VOIDED, "what was refused before is not refused for ever"


@pytest.mark.parametrize("lost", [1, 2])
async def test_an_answer_that_is_lost_costs_nobody_money(provider: Sandbox, lost: int) -> None:
    async with customer(provider, LosingAnswers({lost})) as client:
        with pytest.raises(ProviderAway):
            await client.authorise(payment())
        assert (await client.authorise(payment())).charge is Charge.AUTHORISED
    assert len(provider.ledger.all_intents()) == 1


async def test_a_refund_whose_answer_is_lost_is_made_once(provider: Sandbox) -> None:
    async with customer(provider, LosingAnswers({4})) as client:
        paid = known(payment(), await client.authorise(payment()))
        await client.capture(paid)
        with pytest.raises(ProviderAway):
            await client.refund(paid)
        assert (await client.refund(paid)).charge is Charge.REFUNDED


async def test_who_is_away_has_said_nothing(provider: Sandbox) -> None:
    async with customer(provider) as client:
        provider.ledger.control({"away": True})
        with pytest.raises(ProviderAway):
            await client.authorise(payment())
    async with customer(provider, key="sk_wrong") as stranger:
        with pytest.raises(ProviderAway):
            await stranger.authorise(payment())
    nowhere = IntentProvider("http://127.0.0.1:9", API_KEY)
    with pytest.raises(ProviderAway):
        await nowhere.look(replace(payment(), reference="pi_1"))
    await nowhere.close()
