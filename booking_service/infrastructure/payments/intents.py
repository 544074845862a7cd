"""Payment intents as Stripe has them on the wire, read as what has happened to the money."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from booking_service.application.provider import Seen
from booking_service.domain.payments import Charge

# The id of our payment, which comes back with everything that the provider says about it.
PAYMENT_KEY: Final = "payment"

_CHARGES: Final[Mapping[str, Charge]] = {
    "requires_confirmation": Charge.REQUESTED,
    "requires_action": Charge.PENDING,
    "processing": Charge.PENDING,
    "requires_capture": Charge.AUTHORISED,
    "succeeded": Charge.CAPTURED,
    "canceled": Charge.VOIDED,
    "requires_payment_method": Charge.DECLINED,
}


class NotUnderstood(Exception):
    """What the provider said has not the form that it should have."""


@dataclass(frozen=True, slots=True)
class News:
    """An event about one of our payments."""

    payment: str
    seen: Seen


def seen_in(intent: Mapping[str, Any]) -> Seen:
    """Raises NotUnderstood."""
    try:
        charge, reference, latest = _CHARGES[intent["status"]], str(intent["id"]), intent.get("latest_charge")
    except (KeyError, TypeError) as error:
        raise NotUnderstood(f"no payment intent of a known state: {error}") from error
    if charge is Charge.CAPTURED and isinstance(latest, Mapping) and latest.get("refunded"):
        return Seen(Charge.REFUNDED, reference)
    return Seen(charge, reference)


def news_in(body: bytes) -> News | None:
    """None for an event about something else than a payment of ours. Raises NotUnderstood."""
    try:
        subject = json.loads(body)["data"]["object"]
        kind, payment = subject["object"], subject.get("metadata", {}).get(PAYMENT_KEY)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotUnderstood(f"no event: {type(error).__name__}") from error
    if not isinstance(payment, str):
        return None
    if kind == "charge":
        # Whatever else is told of a charge is told of its intent as well.
        return News(payment, Seen(Charge.REFUNDED, str(subject.get("payment_intent", "")))) if subject.get("refunded") is True else None
    return News(payment, seen_in(subject)) if kind == "payment_intent" else None
