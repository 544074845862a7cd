"""The port PaymentProvider on an HTTP interface such as Stripe's: payment intents that are captured by hand, and refunds."""

from collections.abc import Mapping
from typing import Any

import httpx

from booking_service.application.provider import ProviderAway, Seen
from booking_service.domain.payments import Charge, Payment
from booking_service.infrastructure.payments.intents import PAYMENT_KEY, NotUnderstood, seen_in

_TIMEOUT = httpx.Timeout(10.0, connect=2.0)
_LIMITS = httpx.Limits(max_connections=50, max_keepalive_connections=10)
# Not ours to ask, asked twice at once, asked too often: none of them says anything about the payment.
_NO_WORD = frozenset({401, 403, 409, 429})


class IntentProvider:
    """An intent is made first and confirmed then, so that one which was asked for can always be found by its key and canceled."""

    def __init__(self, url: str, api_key: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"authorization": f"Bearer {api_key}"},
            timeout=_TIMEOUT,
            limits=_LIMITS,
            trust_env=False,
            transport=transport,
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def authorise(self, payment: Payment) -> Seen:
        made = await self._made(payment)
        if made.charge is Charge.DECLINED:
            return made
        # Without its key, an intent that was declined would be tried again.
        return _seen(await self._ask("POST", f"/v1/payment_intents/{made.reference}/confirm", key=f"{payment.payment}-confirm"))

    async def look(self, payment: Payment) -> Seen:
        answer = await self._ask("GET", f"/v1/payment_intents/{payment.reference}", params={"expand[]": "latest_charge"})
        return _seen(answer)

    async def capture(self, payment: Payment) -> Seen:
        return await self._change(payment.reference, "capture")

    async def void(self, payment: Payment) -> Seen:
        made = Seen(payment.charge, payment.reference) if payment.reference else await self._made(payment)
        return made if made.charge is Charge.DECLINED else await self._change(made.reference, "cancel")

    async def refund(self, payment: Payment) -> Seen:
        form = {"payment_intent": payment.reference, "metadata[payment]": payment.payment}
        await self._ask("POST", "/v1/refunds", data=form, key=f"{payment.payment}-refund")
        return await self.look(payment)  # some refunds take days, and one may have been made already

    async def _made(self, payment: Payment) -> Seen:
        """The intent as it was when it was made. DECLINED when it cannot be made: then there is nothing to pay with."""
        form = {
            "amount": str(payment.minor),
            "currency": payment.currency.lower(),
            "payment_method": payment.method,
            "capture_method": "manual",
            f"metadata[{PAYMENT_KEY}]": payment.payment,
            "metadata[booking]": f"users/{payment.user}/bookings/{payment.booking}",
        }
        answer = await self._ask("POST", "/v1/payment_intents", data=form, key=f"{payment.payment}-create")
        return Seen(Charge.DECLINED) if 400 <= answer.status_code < 500 else _seen(answer)

    async def _change(self, reference: str, change: str) -> Seen:
        """Without a key: a second time it is refused by the intent's state, and what was refused once may be possible later."""
        return _seen(await self._ask("POST", f"/v1/payment_intents/{reference}/{change}"))

    async def _ask(self, method: str, path: str, *, key: str = "", **sent: Any) -> httpx.Response:
        try:
            answer = await self._client.request(method, path, headers={"idempotency-key": key} if key else None, **sent)
        except httpx.HTTPError as error:
            raise ProviderAway(f"{method} {path}: {type(error).__name__}") from error
        if answer.status_code >= 500 or answer.status_code in _NO_WORD:
            raise ProviderAway(f"{method} {path}: HTTP {answer.status_code}")
        return answer


def _seen(answer: httpx.Response) -> Seen:
    """Also from a refusal, which has the intent as it is in it."""
    try:
        body: Mapping[str, Any] = answer.json()
        return seen_in(body["error"]["payment_intent"] if answer.status_code >= 400 else body)
    except (ValueError, KeyError, TypeError, NotUnderstood) as error:
        raise ProviderAway(f"{answer.request.url.path}: HTTP {answer.status_code} without a payment intent") from error
