"""The sandbox's HTTP: Stripe's requests as forms under `/v1`, and `/sandbox` for whoever directs it."""

import hmac
import json
import re
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from stack.payments.controls import WrongControls
from stack.payments.intents import Refused
from stack.payments.ledger import Ledger

_INTENT = re.compile(r"/v1/payment_intents/(pi_[0-9a-f]+)(?:/(confirm|capture|cancel))?")
_METADATA = re.compile(r"metadata\[(\w{1,40})\]")
_MOST_BYTES = 65_536
_IDLE_SECONDS = 60.0

Form = Mapping[str, str]


class PaymentsWeb(ThreadingHTTPServer):
    """Listens on `address` at once; whoever brings `api_key` as a bearer token may ask. Raises OSError."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], ledger: Ledger, api_key: str, wake: Callable[[], None]) -> None:
        self.ledger, self.api_key, self.wake = ledger, api_key, wake
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has left."""


class _Handler(BaseHTTPRequestHandler):
    server: PaymentsWeb
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    server_version, sys_version = "sandbox", ""
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer("")

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        if length > _MOST_BYTES:
            self.close_connection = True
            self._send(413, b"{}")
            return
        self._answer(self.rfile.read(length).decode("utf-8", "replace"))
        self.server.wake()

    def log_message(self, format: str, *args: object) -> None:
        return

    def _answer(self, body: str) -> None:
        path = urlsplit(self.path).path
        try:
            self._require_key()
            if path.startswith("/sandbox/"):
                self._send(200, json.dumps(self._directed(path, body)).encode())
            else:
                self._send(*self._asked(path, body))
        except Refused as refusal:
            self._send(refusal.status, json.dumps(refusal.body()).encode())
        except (WrongControls, ValueError) as error:
            self._send(400, json.dumps({"error": {"message": str(error)}}).encode())

    def _asked(self, path: str, body: str) -> tuple[int, bytes]:
        ledger = self.server.ledger
        if ledger.controls.away:
            raise Refused(503, "api_error", "api_unavailable", "The provider is away.")
        found = _INTENT.fullmatch(path)
        if self.command == "GET" and found and not found[2]:
            return 200, json.dumps(ledger.read(found[1])).encode()
        if self.command != "POST":
            raise _no_such(path)
        form = {name: values[-1] for name, values in parse_qs(body, keep_blank_values=True).items()}
        return ledger.once(self.headers.get("idempotency-key", ""), f"{path}\n{body}", lambda: self._act(path, form))

    def _act(self, path: str, form: Form) -> Mapping[str, Any]:
        ledger = self.server.ledger
        if path == "/v1/payment_intents":
            metadata = {name[1]: value for key, value in form.items() if (name := _METADATA.fullmatch(key))}
            return ledger.create(_amount(form), _required(form, "currency"), _required(form, "payment_method"), metadata)
        if path == "/v1/refunds":
            return ledger.refund(_required(form, "payment_intent"))
        found = _INTENT.fullmatch(path)
        if found and found[2]:
            change = {"confirm": ledger.confirm, "capture": ledger.capture, "cancel": ledger.cancel}[found[2]]
            return change(found[1])
        raise _no_such(path)

    def _directed(self, path: str, body: str) -> Any:
        ledger = self.server.ledger
        if path == "/sandbox/intents":
            return ledger.all_intents()
        if path == "/sandbox/controls":
            controls = ledger.control(json.loads(body)) if self.command == "POST" else ledger.controls
            return {**controls.described(), "waiting_webhooks": ledger.waiting_deliveries()}
        raise _no_such(path)

    def _require_key(self) -> None:
        expected = f"Bearer {self.server.api_key}"
        if not hmac.compare_digest(self.headers.get("authorization", "").encode(), expected.encode()):
            raise Refused(401, "invalid_request_error", "api_key_invalid", "Invalid API key provided.")

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _no_such(path: str) -> Refused:
    return Refused(404, "invalid_request_error", "url_invalid", f"Unrecognized request URL ({path}).")


def _required(form: Form, name: str) -> str:
    if not form.get(name):
        raise Refused(400, "invalid_request_error", "parameter_missing", f"Missing required param: {name}.")
    return form[name]


def _amount(form: Form) -> int:
    text = _required(form, "amount")
    if not text.isdecimal() or not 0 < int(text) < 10**8:
        raise Refused(400, "invalid_request_error", "parameter_invalid_integer", f"Invalid positive integer: {text}.")
    return int(text)
