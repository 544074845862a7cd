"""The payment provider's sandbox in this process, over real HTTP; its webhooks go wherever a test wants them."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stack.payments.ledger import Ledger
from stack.payments.web import PaymentsWeb
from stack.payments.webhooks import Send, Webhooks

API_KEY = "sk_test_component"  # pragma: allowlist secret
WEBHOOK_SECRET = "whsec_component"  # pragma: allowlist secret


class Sandbox:
    """`ledger` is what has happened to the money."""

    def __init__(self, ledger: Ledger, web: PaymentsWeb, webhooks: Webhooks) -> None:
        self.ledger, self._webhooks = ledger, webhooks
        self.url = f"http://127.0.0.1:{web.server_port}"

    def fall_silent(self) -> None:
        """No webhook is on its way when it returns, nor ever again."""
        self._webhooks.close()


@contextmanager
def sandbox(directory: Path, send: Send | None = None) -> Iterator[Sandbox]:
    """Without `send` nobody hears its webhooks."""
    directory.mkdir(exist_ok=True)
    ledger = Ledger(directory / "ledger.sqlite", time.time, random.Random(3))
    webhooks = Webhooks(ledger, send or (lambda _body, _signature: True), WEBHOOK_SECRET, time.time)
    web = PaymentsWeb(("127.0.0.1", 0), ledger, API_KEY, webhooks.wake)
    serving = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    webhooks.start()
    serving.start()
    try:
        yield Sandbox(ledger, web, webhooks)
    finally:
        web.shutdown()
        web.server_close()
        webhooks.close()
        ledger.close()
