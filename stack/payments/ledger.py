"""What the sandbox knows, in one SQLite file: it survives a kill, and each request changes it whole or not at all."""

import hashlib
import json
import random
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.payments import intents
from stack.payments.controls import Controls
from stack.payments.intents import Intent, Refused

_SCHEMA = """
    CREATE TABLE IF NOT EXISTS intents (id TEXT PRIMARY KEY, document TEXT NOT NULL, settles_at REAL);
    CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS deliveries (id INTEGER PRIMARY KEY, event TEXT NOT NULL, due REAL NOT NULL, tries INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS controls (id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS intents_settle ON intents (settles_at) WHERE settles_at IS NOT NULL;
    CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due);
"""
_LEASE_SECONDS = 30.0
_LONGEST_PAUSE = 30.0
_MOST_TRIES = 100  # with the pauses between them about an hour


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way: `body` is what is signed and sent."""

    id: int
    body: bytes
    tries: int


class Ledger:
    """Intents, answers by idempotency key, events that wait. Any number of threads; `clock` gives seconds since the epoch."""

    def __init__(self, file: Path, clock: Callable[[], float], dice: random.Random | None = None) -> None:
        self._clock, self._dice = clock, dice or random.Random()  # noqa: S311  # how it misbehaves is no secret
        self._lock = threading.Lock()
        self._database = sqlite3.connect(file, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")  # a kill loses nothing; what a power cut may take is no money
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def once(self, key: str, request: str, act: Callable[[], Mapping[str, Any]]) -> tuple[int, bytes]:
        """Status and body of `act`, or those that it had when this `key` came first; a refusal is remembered as well."""
        digest = hashlib.sha256(request.encode()).hexdigest()
        with self._changing() as database:
            found = database.execute("SELECT request, status, body FROM answers WHERE key = ?", (key,)).fetchone() if key else None
            if found is not None:
                if found[0] != digest:
                    raise Refused(400, "idempotency_error", "idempotency_key_in_use", "This key was used with another request.")
                return found[1], found[2].encode()
            try:
                status, body = 200, act()
            except Refused as refusal:
                status, body = refusal.status, refusal.body()
            text = json.dumps(body)
            if key:
                database.execute("INSERT INTO answers VALUES (?, ?, ?, ?)", (key, digest, status, text))
            return status, text.encode()

    # What follows runs inside `once`.

    def create(self, amount: int, currency: str, method: str, metadata: dict[str, str]) -> Intent:
        if method not in intents.METHODS:
            raise Refused(
                400, "invalid_request_error", "resource_missing", f"No such PaymentMethod: there are {', '.join(intents.METHODS)}."
            )
        intent = intents.new_intent(f"pi_{secrets.token_hex(12)}", amount, currency, method, metadata, int(self._clock()))
        self._put(intent)
        return intent

    def confirm(self, reference: str) -> Intent:
        intent = self._found(reference)
        intents.require(intent, intents.UNCONFIRMED)
        at_once, later = intents.METHODS[intent["payment_method"]]
        controls = self._controls()
        if not later and self._dice.random() < controls.decline:
            at_once = intents.FAILED
        intent = self._move(intent, at_once)
        if later:
            self._put(intent, self._clock() + controls.settles_after(self._dice))
        if at_once == intents.FAILED:
            raise Refused(402, "card_error", "card_declined", "Your card was declined.", intent)
        return intent

    def capture(self, reference: str) -> Intent:
        intent = self._found(reference)
        if intent["payment_method"] == "pm_lapsing" and intent["status"] == intents.AUTHORISED:
            intent = self._move(intent, intents.CANCELED)
        intents.require(intent, intents.AUTHORISED)
        return self._move(intent, intents.CAPTURED)

    def cancel(self, reference: str) -> Intent:
        intent = self._found(reference)
        intents.require(intent, intents.UNCONFIRMED, intents.FAILED, intents.AUTHORISED)
        return self._move(intent, intents.CANCELED)

    def refund(self, reference: str) -> Mapping[str, Any]:
        intent = self._found(reference)
        intents.require(intent, intents.CAPTURED)
        if intents.is_refunded(intent):
            raise Refused(400, "invalid_request_error", "charge_already_refunded", "The charge has already been refunded.", intent)
        intent = intents.refunded(intent)
        self._put(intent)
        self._tell(intents.REFUNDED_EVENT, intent["latest_charge"])
        number = f"re_{secrets.token_hex(12)}"
        return {"id": number, "object": "refund", "status": "succeeded", "payment_intent": reference, "amount": intent["amount"]}

    # What follows runs by itself.

    def read(self, reference: str) -> Intent:
        with self._lock:
            return self._found(reference)

    def all_intents(self) -> list[Intent]:
        with self._lock:
            return [json.loads(document) for (document,) in self._database.execute("SELECT document FROM intents ORDER BY rowid")]

    @property
    def controls(self) -> Controls:
        with self._lock:
            return self._controls()

    def control(self, wishes: Mapping[str, Any]) -> Controls:
        """Raises WrongControls."""
        with self._changing() as database:
            controls = self._controls().changed(wishes)
            database.execute("INSERT OR REPLACE INTO controls VALUES (1, ?)", (json.dumps(controls.described()),))
            return controls

    def settle(self) -> int:
        """What late methods have come to by now; how many."""
        with self._changing() as database:
            due = database.execute("SELECT document FROM intents WHERE settles_at <= ?", (self._clock(),)).fetchall()
            for (document,) in due:
                intent = json.loads(document)
                later = intents.METHODS[intent["payment_method"]][1]
                declined = self._dice.random() < self._controls().decline
                self._move(intent, intents.FAILED if declined else later)
            return len(due)

    def due_deliveries(self, limit: int) -> list[Delivery]:
        """Those to be sent now. They come again unless `delivered` in time."""
        with self._changing() as database:
            now = self._clock()
            rows = database.execute("SELECT id, event, tries FROM deliveries WHERE due <= ? ORDER BY due LIMIT ?", (now, limit)).fetchall()
            database.executemany("UPDATE deliveries SET due = ? WHERE id = ?", [(now + _LEASE_SECONDS, row[0]) for row in rows])
            return [Delivery(number, event.encode(), tries) for number, event, tries in rows]

    def delivered(self, delivery: Delivery, *, taken: bool) -> None:
        """Forgotten when it was `taken`, else to be sent again after a while that doubles."""
        with self._changing() as database:
            if taken or delivery.tries >= _MOST_TRIES:
                database.execute("DELETE FROM deliveries WHERE id = ?", (delivery.id,))
                return
            due = self._clock() + min(_LONGEST_PAUSE, 0.5 * 2 ** min(delivery.tries, 10))
            database.execute("UPDATE deliveries SET due = ?, tries = tries + 1 WHERE id = ?", (due, delivery.id))

    def waiting_deliveries(self) -> int:
        with self._lock:
            return int(self._database.execute("SELECT count(*) FROM deliveries").fetchone()[0])

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._database:
            yield self._database

    def _controls(self) -> Controls:
        row = self._database.execute("SELECT document FROM controls").fetchone()
        return Controls() if row is None else Controls().changed(json.loads(row[0]))

    def _found(self, reference: str) -> Intent:
        row = self._database.execute("SELECT document FROM intents WHERE id = ?", (reference,)).fetchone()
        if row is None:
            raise Refused(404, "invalid_request_error", "resource_missing", f"No such payment_intent: '{reference}'")
        intent: Intent = json.loads(row[0])
        return intent

    def _put(self, intent: Intent, settles_at: float | None = None) -> None:
        self._database.execute("INSERT OR REPLACE INTO intents VALUES (?, ?, ?)", (intent["id"], json.dumps(intent), settles_at))

    def _move(self, intent: Intent, status: str) -> Intent:
        changed = intents.moved(intent, status)
        self._put(changed)
        if kind := intents.told_as(changed):
            self._tell(kind, changed)
        return changed

    def _tell(self, kind: str, subject: Mapping[str, Any]) -> None:
        event = {
            "id": f"evt_{secrets.token_hex(12)}",
            "object": "event",
            "type": kind,
            "created": int(self._clock()),
            "data": {"object": subject},
        }
        body, now = json.dumps(event), self._clock()
        for seconds in self._controls().webhooks_after(self._dice):
            self._database.execute("INSERT INTO deliveries (event, due, tries) VALUES (?, ?, 0)", (body, now + seconds))
