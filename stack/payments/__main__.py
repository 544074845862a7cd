"""`python -m stack.payments DIRECTORY HOST:PORT WEBHOOK_URL`; DIRECTORY has the keys that `stack.servers.payments` has made."""

import signal
import sys
import threading
import time
from pathlib import Path

from stack.payments.ledger import Ledger
from stack.payments.web import PaymentsWeb
from stack.payments.webhooks import Webhooks, posting_to
from stack.servers.payments import read_keys


def main(directory: Path, address: str, webhook_url: str) -> None:
    keys = read_keys(directory / "keys.json")
    host, _, port = address.rpartition(":")
    ledger = Ledger(directory / "ledger.sqlite", time.time)
    webhooks = Webhooks(ledger, posting_to(webhook_url), keys.webhook_secret, time.time)
    web = PaymentsWeb((host, int(port)), ledger, keys.api_key, webhooks.wake)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    serving = threading.Thread(target=web.serve_forever, name="web", daemon=True)
    webhooks.start()
    serving.start()
    stop.wait()
    web.shutdown()
    web.server_close()
    webhooks.close()
    ledger.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
