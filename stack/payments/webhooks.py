"""Sends the events of the ledger, signed, until they are taken; and lets late methods settle."""

import hashlib
import hmac
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

from stack.payments.ledger import Delivery, Ledger

_SENDERS = 4
_AT_ONCE = 50
_LOOK_SECONDS = 0.05  # how late a settlement or a delivery may be
_PATIENCE_SECONDS = 10.0

# Takes the body of an event and its signature header; whether the receiver has taken it.
Send = Callable[[bytes, str], bool]


class Webhooks:
    """A thread from `start` to `close`. `clock` gives the seconds since the epoch that signatures carry."""

    def __init__(self, ledger: Ledger, send: Send, secret: str, clock: Callable[[], float]) -> None:
        self._ledger, self._send, self._secret, self._clock = ledger, send, secret, clock
        self._woken, self._stopped = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._woken.set()

    def close(self) -> None:
        """Returns when nothing more is sent."""
        self._stopped.set()
        self._woken.set()
        self._thread.join()

    def _run(self) -> None:
        with ThreadPoolExecutor(_SENDERS, "webhook") as senders:
            while not self._stopped.is_set():
                self._woken.clear()
                self._ledger.settle()
                due = self._ledger.due_deliveries(_AT_ONCE)
                for _ in senders.map(self._deliver, due):
                    pass
                if not due:
                    self._woken.wait(_LOOK_SECONDS)

    def _deliver(self, delivery: Delivery) -> None:
        taken = self._send(delivery.body, signature(self._secret, delivery.body, int(self._clock())))
        self._ledger.delivered(delivery, taken=taken)


def signature(secret: str, body: bytes, now: int) -> str:
    """The value of `stripe-signature`."""
    code = hmac.new(secret.encode(), b"%d." % now + body, hashlib.sha256).hexdigest()
    return f"t={now},v1={code}"


def posting_to(url: str) -> Send:
    """To an http address of ours."""

    def send(body: bytes, signed: str) -> bool:
        headers = {"content-type": "application/json", "stripe-signature": signed}
        request = urllib.request.Request(url, body, headers)  # noqa: S310  # the address is the command's own argument
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310  # as above
                return bool(200 <= answer.status < 300)
        except (urllib.error.URLError, HTTPException, OSError):
            return False

    return send
