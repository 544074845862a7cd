"""What the sandbox does with money: once for each key, forward only, and told by events."""

import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stack.payments.controls import Controls, WrongControls
from stack.payments.intents import Refused
from stack.payments.ledger import Ledger


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite", clock, random.Random(7))
    yield opened
    opened.close()


def create(ledger: Ledger, method: str = "pm_ok", key: str = "") -> str:
    status, body = ledger.once(key, f"create {method}", lambda: ledger.create(1_250, "eur", method, {"payment": "p1"}))
    assert status == 200
    return str(json.loads(body)["id"])


def ask(ledger: Ledger, act: str, intent: str, key: str = "") -> tuple[int, Any]:
    change = {"confirm": ledger.confirm, "capture": ledger.capture, "cancel": ledger.cancel, "refund": ledger.refund}[act]
    status, body = ledger.once(key, f"{act} {intent}", lambda: change(intent))
    return status, json.loads(body)


def told(ledger: Ledger) -> list[str]:
    return [json.loads(delivery.body)["type"] for delivery in ledger.due_deliveries(100)]


def test_money_is_authorised_captured_and_given_back(ledger: Ledger) -> None:
    intent = create(ledger)
    assert ask(ledger, "confirm", intent)[1]["status"] == "requires_capture"
    assert ask(ledger, "capture", intent)[1]["status"] == "succeeded"
    assert ask(ledger, "refund", intent)[1]["status"] == "succeeded"
    assert ledger.read(intent)["latest_charge"]["refunded"] is True
    assert told(ledger) == ["payment_intent.amount_capturable_updated", "payment_intent.succeeded", "charge.refunded"]


@pytest.mark.parametrize("act", ["capture", "cancel", "refund"])
def test_what_does_not_follow_from_its_state_is_refused_with_the_intent_as_it_is(ledger: Ledger, act: str) -> None:
    intent = create(ledger, "pm_late")
    assert ask(ledger, "confirm", intent)[1]["status"] == "processing"
    status, body = ask(ledger, act, intent)
    assert (status, body["error"]["code"]) == (400, "payment_intent_unexpected_state")
    assert body["error"]["payment_intent"]["status"] == "processing"


def test_a_key_has_one_effect_and_one_answer(ledger: Ledger) -> None:
    first = create(ledger, key="k1")
    assert create(ledger, key="k1") == first
    assert len(ledger.all_intents()) == 1
    with pytest.raises(Refused):
        ledger.once("k1", "another request", dict)
    status, body = ask(ledger, "confirm", first, "k2")
    ask(ledger, "capture", first)
    assert ask(ledger, "confirm", first, "k2") == (status, body), "the first answer, however it went on"


def test_a_declined_method_is_declined_again_by_its_key(ledger: Ledger) -> None:
    intent = create(ledger, "pm_declined")
    for _ in range(2):
        status, body = ask(ledger, "confirm", intent, "k1")
        assert (status, body["error"]["payment_intent"]["status"]) == (402, "requires_payment_method")
    assert told(ledger) == ["payment_intent.payment_failed"]


@pytest.mark.parametrize(
    ("method", "status"), [("pm_late", "requires_capture"), ("pm_late_declined", "requires_payment_method"), ("pm_transfer", "succeeded")]
)
def test_a_late_method_settles_when_its_time_has_come(ledger: Ledger, clock: Clock, method: str, status: str) -> None:
    ledger.control({"settle_seconds": [5, 5]})
    intent = create(ledger, method)
    ask(ledger, "confirm", intent)
    clock.now += 4.9
    assert ledger.settle() == 0
    clock.now += 0.2
    assert ledger.settle() == 1
    assert ledger.read(intent)["status"] == status
    assert ledger.settle() == 0


def test_a_lapsing_authorisation_is_gone_when_it_is_to_be_captured(ledger: Ledger) -> None:
    intent = create(ledger, "pm_lapsing")
    ask(ledger, "confirm", intent)
    assert ask(ledger, "capture", intent)[0] == 400
    assert ledger.read(intent)["status"] == "canceled"


def test_an_event_comes_until_it_is_taken_with_pauses_that_double(ledger: Ledger, clock: Clock) -> None:
    ask(ledger, "confirm", create(ledger))
    times = []
    for _ in range(4):
        while not (due := ledger.due_deliveries(1)):
            clock.now += 0.25
        times.append(clock.now)
        ledger.delivered(due[0], taken=False)
    assert [later - earlier for earlier, later in itertools.pairwise(times)] == [0.5, 1.0, 2.0]
    clock.now += 60
    (last,) = ledger.due_deliveries(10)
    assert ledger.due_deliveries(10) == [], "it is on its way"
    ledger.delivered(last, taken=True)
    clock.now += 600
    assert ledger.due_deliveries(10) == []


def test_webhooks_are_late_doubled_and_lost_as_one_wishes(ledger: Ledger, clock: Clock) -> None:
    ledger.control({"webhook_copies": [3, 3], "webhook_seconds": [10, 20]})
    ask(ledger, "confirm", create(ledger))
    clock.now += 9.9
    assert told(ledger) == []
    clock.now += 10.2
    assert len(told(ledger)) == 3
    ledger.control({"webhook_loss": 1})
    waiting = ledger.waiting_deliveries()
    ask(ledger, "confirm", create(ledger))
    assert ledger.waiting_deliveries() == waiting


def test_what_is_known_survives_the_process(ledger: Ledger, tmp_path: Path, clock: Clock) -> None:
    intent = create(ledger, key="k1")
    ledger.control({"decline": 0.5})
    again = Ledger(tmp_path / "ledger.sqlite", clock)
    try:
        assert create(again, key="k1") == intent
        assert again.controls.decline == 0.5
    finally:
        again.close()


@pytest.mark.parametrize(
    "wish",
    [{"delay": 1}, {"decline": 2}, {"decline": True}, {"settle_seconds": 3}, {"settle_seconds": [3, 2]}, {"webhook_copies": ["1", 2]}],
)
def test_a_wish_that_means_nothing_is_refused(wish: dict[str, Any]) -> None:
    with pytest.raises(WrongControls):
        Controls().changed(wish)
