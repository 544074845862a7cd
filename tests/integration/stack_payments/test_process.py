"""The sandbox as a process: over HTTP, killed and started again, its webhooks signed and sent until they are taken."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from stack.payments.webhooks import signature
from stack.servers.payments import PaymentsServer, read_keys
from stack.servers.running import running


class Receiver(HTTPServer):
    """Where webhooks go; refuses as long as it is told to."""

    def __init__(self) -> None:
        self.received: list[tuple[str, bytes]] = []
        self.refusing = True
        super().__init__(("127.0.0.1", 0), _Taking)


class _Taking(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.received.append((self.headers["stripe-signature"], body))
        self.send_response(503 if self.server.refusing else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def customer(server: PaymentsServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {read_keys(server.keys_file).api_key}"}) as client:
        yield client


def paid(client: httpx.Client, key: str, method: str = "pm_ok") -> dict[str, Any]:
    form = {"amount": "1250", "currency": "eur", "payment_method": method, "metadata[payment]": "p1"}
    intent = client.post("/v1/payment_intents", data=form, headers={"idempotency-key": f"{key}-create"}).json()
    answer = client.post(f"/v1/payment_intents/{intent['id']}/confirm", headers={"idempotency-key": f"{key}-confirm"})
    answered: dict[str, Any] = answer.json()
    return answered


def test_it_keeps_what_it_knows_over_a_kill_and_sends_what_was_not_taken(tmp_path: Path, receiver: Receiver) -> None:
    server = PaymentsServer(tmp_path / "payments", lambda: f"http://127.0.0.1:{receiver.server_port}/hook")
    with running(server, tmp_path / "1.log"), customer(server) as client:
        intent = paid(client, "k1")
        assert intent["status"] == "requires_capture"
        assert client.get("/v1/payment_intents/" + intent["id"], headers={"authorization": "Bearer other"}).status_code == 401
        _wait(lambda: len(receiver.received) >= 2)
        kill(server)
    receiver.refusing = False
    with running(server, tmp_path / "2.log"), customer(server) as client:
        assert paid(client, "k1") == intent
        assert len(client.get("/sandbox/intents").json()) == 1
        _wait(lambda: client.get("/sandbox/controls").json()["waiting_webhooks"] == 0)
    secret = read_keys(server.keys_file).webhook_secret
    assert {json.loads(body)["type"] for _, body in receiver.received} == {"payment_intent.amount_capturable_updated"}
    assert len({body for _, body in receiver.received}) == 1, "the same event, however often"
    for signed, body in receiver.received:
        stamp = signed.partition(",")[0].removeprefix("t=")
        assert abs(int(stamp) - time.time()) < 60
        assert signed == f"t={stamp},v1=" + hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def test_while_it_is_away_customers_are_told_so_and_its_director_is_not(tmp_path: Path) -> None:
    server = PaymentsServer(tmp_path / "payments", lambda: "http://127.0.0.1:9/")
    with running(server, tmp_path / "log"), customer(server) as client:
        assert client.post("/sandbox/controls", json={"away": True}).json()["away"] is True
        assert client.post("/v1/payment_intents").status_code == 503
        client.post("/sandbox/controls", json={"away": False})
        assert client.post("/v1/payment_intents").json()["error"]["code"] == "parameter_missing"
        assert client.post("/v1/unheard_of").status_code == 404
        assert client.post("/sandbox/controls", json={"tempo": 1}).status_code == 400


def test_a_signature_depends_on_time_body_and_secret() -> None:
    assert len({signature("a", b"x", 1), signature("b", b"x", 1), signature("a", b"y", 1), signature("a", b"x", 2)}) == 4


def kill(server: PaymentsServer) -> None:
    (process,) = [child for child in psutil.Process().children() if server.address in child.cmdline()]
    process.kill()
    process.wait(10)


def _wait(is_so: Callable[[], bool]) -> None:
    limit = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < limit
        time.sleep(0.02)
