"""Payment intents as Stripe describes them, as far as a box office needs them: their states and what leads from one to the next."""

from typing import Any, Final

Intent = dict[str, Any]

UNCONFIRMED: Final = "requires_confirmation"
FAILED: Final = "requires_payment_method"
PROCESSING: Final = "processing"
AUTHORISED: Final = "requires_capture"
CAPTURED: Final = "succeeded"
CANCELED: Final = "canceled"

# What a customer pays with, by what comes of it at once, and what later.
METHODS: Final = {
    "pm_ok": (AUTHORISED, ""),
    "pm_declined": (FAILED, ""),
    "pm_late": (PROCESSING, AUTHORISED),
    "pm_late_declined": (PROCESSING, FAILED),
    "pm_transfer": (PROCESSING, CAPTURED),  # money comes by itself, and only has to be noticed
    "pm_lapsing": (AUTHORISED, ""),  # authorised, but not there any more when it is to be captured
}
_CHARGED = frozenset({AUTHORISED, CAPTURED})
_TOLD_AS: Final = {
    AUTHORISED: "payment_intent.amount_capturable_updated",
    CAPTURED: "payment_intent.succeeded",
    FAILED: "payment_intent.payment_failed",
    CANCELED: "payment_intent.canceled",
}
REFUNDED_EVENT: Final = "charge.refunded"


class Refused(Exception):
    """An answer other than 200, as Stripe words it; `intent` is how it is now."""

    def __init__(self, status: int, kind: str, code: str, message: str, intent: Intent | None = None) -> None:
        super().__init__(message)
        self.status, self.kind, self.code, self.intent = status, kind, code, intent

    def body(self) -> dict[str, Any]:
        error = {"type": self.kind, "code": self.code, "message": str(self)}
        return {"error": error if self.intent is None else {**error, "payment_intent": self.intent}}


def new_intent(reference: str, amount: int, currency: str, method: str, metadata: dict[str, str], now: int) -> Intent:
    """Nothing has happened to any money yet."""
    return {
        "id": reference,
        "object": "payment_intent",
        "status": UNCONFIRMED,
        "amount": amount,
        "currency": currency,
        "capture_method": "manual",
        "payment_method": method,
        "metadata": metadata,
        "created": now,
        "last_payment_error": None,
        "latest_charge": None,
    }


def moved(intent: Intent, status: str) -> Intent:
    """The intent in another state."""
    changed = {**intent, "status": status}
    if status == FAILED:
        changed["last_payment_error"] = {"type": "card_error", "code": "card_declined", "message": "Your card was declined."}
    if status in _CHARGED:
        changed["latest_charge"] = {
            "id": intent["id"].replace("pi_", "ch_"),
            "object": "charge",
            "payment_intent": intent["id"],
            "amount": intent["amount"],
            "currency": intent["currency"],
            "captured": status == CAPTURED,
            "refunded": False,
            "metadata": intent["metadata"],
        }
    return changed


def refunded(intent: Intent) -> Intent:
    return {**intent, "latest_charge": {**intent["latest_charge"], "refunded": True}}


def is_refunded(intent: Intent) -> bool:
    return bool(intent["latest_charge"] and intent["latest_charge"]["refunded"])


def told_as(intent: Intent) -> str | None:
    """The type of the event that tells of this state; None when nothing does."""
    return _TOLD_AS.get(intent["status"])


def require(intent: Intent, *statuses: str) -> None:
    if intent["status"] not in statuses:
        raise Refused(
            400,
            "invalid_request_error",
            "payment_intent_unexpected_state",
            f"This PaymentIntent's status is {intent['status']}.",
            intent,
        )
