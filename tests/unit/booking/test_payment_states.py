"""Payments go forward only, whatever order the provider's word comes in, and end with the money on one side."""

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking_service.domain.payments import Charge, Goal, Payment, PaymentState, Step

_NOW = datetime(2027, 1, 1, tzinfo=UTC)
ENDS = (Charge.REFUNDED, Charge.VOIDED, Charge.DECLINED)


def payment(charge: Charge = Charge.REQUESTED, goal: Goal = Goal.UNDECIDED) -> Payment:
    return Payment(
        payment="p1",
        user="alice",
        booking="b1",
        minor=1_250,
        currency="EUR",
        method="pm_ok",
        create_time=_NOW,
        update_time=_NOW,
        charge=charge,
        goal=goal,
    )


def test_a_kept_payment_is_authorised_decided_and_captured() -> None:
    steps, paid = [], payment()
    for seen in (Charge.PENDING, Charge.AUTHORISED):
        steps.append(paid.next_step)
        paid = paid.seen(seen)
    steps.append(paid.next_step)
    paid = paid.decided(keep=True)
    steps.append(paid.next_step)
    paid = paid.seen(Charge.CAPTURED)
    assert [*steps, paid.next_step] == [Step.AUTHORISE, Step.LOOK, Step.DECIDE, Step.CAPTURE, Step.NONE]
    assert paid.state is PaymentState.CAPTURED


@pytest.mark.parametrize(
    ("charge", "step"),
    [
        (Charge.REQUESTED, Step.VOID),
        (Charge.PENDING, Step.VOID),
        (Charge.AUTHORISED, Step.VOID),
        (Charge.CAPTURED, Step.REFUND),
        *((end, Step.NONE) for end in ENDS),
    ],
)
def test_what_is_to_be_returned_is_voided_or_refunded_as_far_as_it_has_come(charge: Charge, step: Step) -> None:
    assert payment(charge, Goal.RETURN).next_step is step


@given(st.lists(st.sampled_from(Charge), max_size=12))
def test_no_order_of_words_leads_back(words: list[Charge]) -> None:
    seen = [payment()]
    for word in words:
        seen.append(seen[-1].seen(word))
    for before, after in itertools.pairwise(seen):
        if before.is_over:
            assert after == before
        assert after.charge == before.charge or after.charge is not Charge.REQUESTED
        assert not (before.charge is Charge.CAPTURED and after.charge in (Charge.AUTHORISED, Charge.PENDING, Charge.VOIDED))


@given(st.permutations([Charge.PENDING, Charge.AUTHORISED, Charge.CAPTURED]))
def test_words_in_any_order_come_to_the_same(words: list[Charge]) -> None:
    paid = payment()
    for word in [*words, *words]:
        paid = paid.seen(word)
    assert paid.charge is Charge.CAPTURED


@pytest.mark.parametrize(("charge", "goal"), [*itertools.product(Charge, Goal)])
def test_a_payment_that_is_not_over_and_not_kept_always_has_a_next_step(charge: Charge, goal: Goal) -> None:
    paid = payment(charge, goal)
    waits = paid.is_over or (goal is Goal.KEEP and charge is not Charge.AUTHORISED)
    assert (paid.next_step is Step.NONE) is waits


def test_it_is_decided_once_and_returned_ever_after() -> None:
    kept = payment(Charge.AUTHORISED).decided(keep=True)
    with pytest.raises(ValueError, match="decided already"):
        kept.decided(keep=False)
    assert kept.returned().state is PaymentState.REFUND_DUE
    assert kept.returned().seen(Charge.VOIDED).state is PaymentState.VOIDED


def test_money_that_was_to_be_kept_and_is_gone_is_noticed() -> None:
    kept = payment(Charge.AUTHORISED).decided(keep=True)
    assert kept.seen(Charge.VOIDED).has_lost_its_money
    assert kept.seen(Charge.CAPTURED).seen(Charge.REFUNDED).has_lost_its_money
    assert not kept.seen(Charge.CAPTURED).has_lost_its_money
    assert not kept.returned().seen(Charge.VOIDED).has_lost_its_money


def test_the_first_reference_stays() -> None:
    assert payment().seen(Charge.PENDING, "pi_1").seen(Charge.AUTHORISED, "pi_2").reference == "pi_1"
