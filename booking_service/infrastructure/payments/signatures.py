"""Whether an event was sent by the payment provider: Stripe's scheme, an HMAC-SHA256 over its time and its body."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

_TOLERANCE = timedelta(minutes=5)
_MOST_CODES = 10


class NotGenuine(Exception):
    """The signature is missing, wrong or too old."""


def require_genuine(header: str, body: bytes, secrets: Sequence[str], now: datetime) -> None:
    """`header` is `t=SECONDS,v1=HEX`, with a `v1` for each secret of the provider while it changes them; so may `secrets`. An old one may
    have been recorded. Raises NotGenuine."""
    parts = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    codes = [value for name, _, value in parts if name == "v1"][:_MOST_CODES]
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdecimal() and len(stamps[0]) < 15):
        raise NotGenuine("there is no time in it")
    if abs(int(stamps[0]) - now.timestamp()) > _TOLERANCE.total_seconds():
        raise NotGenuine("its time is not now")
    signed = f"{stamps[0]}.".encode() + body
    expected = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode() for secret in secrets]
    if not any(hmac.compare_digest(code.encode(), wanted) for code in codes for wanted in expected):
        raise NotGenuine("it does not fit")
