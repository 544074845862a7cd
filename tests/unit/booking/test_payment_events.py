"""What the provider sends is believed when it is signed, recent and about a payment of ours."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from booking_service.domain.payments import Charge
from booking_service.infrastructure.payments.intents import News, NotUnderstood, news_in, seen_in
from booking_service.infrastructure.payments.signatures import NotGenuine, require_genuine

NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)
BODY = b'{"id": "evt_1"}'
SECRET = "whsec_now"  # pragma: allowlist secret


def signed(body: bytes = BODY, secret: str = SECRET, at: datetime = NOW) -> str:
    stamp = str(int(at.timestamp()))
    return f"t={stamp},v1={hmac.new(secret.encode(), f'{stamp}.'.encode() + body, hashlib.sha256).hexdigest()}"


def test_an_event_of_the_provider_is_genuine() -> None:
    require_genuine(signed(), BODY, [SECRET], NOW + timedelta(minutes=4))


def test_while_secrets_are_changed_either_will_do() -> None:
    require_genuine(signed(), BODY, ["whsec_before", SECRET], NOW)
    require_genuine(f"{signed(secret='whsec_next')},{signed().partition(',')[2]}", BODY, [SECRET], NOW)  # pragma: allowlist secret


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ("", BODY),
        ("v1=abc", BODY),
        (signed().partition(",")[0], BODY),
        (signed(), BODY + b" "),
        (signed(secret="another"), BODY),  # pragma: allowlist secret
        (signed(at=NOW - timedelta(minutes=6)), BODY),
        (signed(at=NOW + timedelta(minutes=6)), BODY),
        (signed().replace("t=", "t=1"), BODY),
        (f"t={int(NOW.timestamp())},{signed()}", BODY),
        ("t=²,v1=x", BODY),
        (f"{signed().partition(',')[0]},v1=é", BODY),
    ],
)
def test_everything_else_is_not(header: str, body: bytes) -> None:
    with pytest.raises(NotGenuine):
        require_genuine(header, body, [SECRET], NOW)


def test_without_a_secret_nothing_is_genuine() -> None:
    with pytest.raises(NotGenuine):
        require_genuine(signed(secret=""), BODY, [], NOW)


def intent(status: str, **changes: Any) -> dict[str, Any]:
    return {"object": "payment_intent", "id": "pi_1", "status": status, "metadata": {"payment": "p1"}, "latest_charge": "ch_1"} | changes


def event(subject: Any) -> bytes:
    return json.dumps({"id": "evt_1", "type": "whatever", "data": {"object": subject}}).encode()


@pytest.mark.parametrize(
    ("status", "charge"),
    [
        ("requires_confirmation", Charge.REQUESTED),
        ("requires_action", Charge.PENDING),
        ("processing", Charge.PENDING),
        ("requires_capture", Charge.AUTHORISED),
        ("succeeded", Charge.CAPTURED),
        ("canceled", Charge.VOIDED),
        ("requires_payment_method", Charge.DECLINED),
    ],
)
def test_the_state_of_an_intent_says_what_has_happened_to_the_money(status: str, charge: Charge) -> None:
    news = news_in(event(intent(status)))
    assert news is not None
    assert (news.payment, news.seen.charge, news.seen.reference) == ("p1", charge, "pi_1")


def test_a_refund_is_told_of_the_charge_and_seen_in_the_intent() -> None:
    charge = {"object": "charge", "id": "ch_1", "payment_intent": "pi_1", "refunded": True, "metadata": {"payment": "p1"}}
    news = news_in(event(charge))
    assert news == News("p1", seen_in(intent("succeeded", latest_charge=charge)))
    assert news is not None
    assert news.seen.charge is Charge.REFUNDED
    assert news_in(event(charge | {"refunded": False})) is None


@pytest.mark.parametrize(
    "subject", [intent("succeeded", metadata={}), {"object": "customer", "id": "cus_1"}, {"object": "charge", "metadata": {"payment": 7}}]
)
def test_what_is_about_nothing_of_ours_is_left_alone(subject: Any) -> None:
    assert news_in(event(subject)) is None


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"data": 1}', b'{"data": {"object": []}}', event(intent("unheard_of")), event({"id": "x"}), b"\xff"]
)
def test_what_has_no_form_is_not_understood(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        news_in(body)
