"""A payment for a booking: what has happened to the money, what it is to come to, and what is to be done next.

The provider says what happened, at once, late, twice or in the wrong order; only what leads further is believed. Whether the money is
kept is decided once, in the transaction that settles whose the seats are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Final


class Charge(Enum):
    """What has happened to the money, as far as is known. The numbers are stored; from 5 on nothing happens any more."""

    REQUESTED = 1  # the provider may never have heard of it, or have it already
    PENDING = 2  # it will know later
    AUTHORISED = 3
    CAPTURED = 4
    REFUNDED = 5
    VOIDED = 6
    DECLINED = 7


class Goal(Enum):
    """What it is to come to: money and seats, or neither. The numbers are stored."""

    UNDECIDED = 1
    KEEP = 2
    RETURN = 3


class Step(Enum):
    """What has to be done next, and by whom."""

    AUTHORISE = "AUTHORISE"
    LOOK = "LOOK"  # nothing to do but ask how it stands: the provider's word may have been lost
    DECIDE = "DECIDE"  # whose are the seats? The only step that is not the provider's
    CAPTURE = "CAPTURE"
    VOID = "VOID"
    REFUND = "REFUND"
    NONE = "NONE"


class PaymentState(Enum):
    """Both in one word, for those who look from outside. The numbers are those of the contract."""

    PENDING = 1
    AUTHORISED = 2
    CAPTURED = 3
    REFUND_DUE = 4
    REFUNDED = 5
    VOIDED = 6
    DECLINED = 7


_C, _ENDS = Charge, frozenset({Charge.REFUNDED, Charge.VOIDED, Charge.DECLINED})
_LEADS_TO: Final[Mapping[Charge, frozenset[Charge]]] = {
    _C.REQUESTED: frozenset({_C.PENDING, _C.AUTHORISED, _C.CAPTURED}) | _ENDS,
    _C.PENDING: frozenset({_C.AUTHORISED, _C.CAPTURED}) | _ENDS,
    _C.AUTHORISED: frozenset({_C.CAPTURED, _C.VOIDED, _C.REFUNDED}),
    _C.CAPTURED: frozenset({_C.REFUNDED}),
    _C.REFUNDED: frozenset(),
    _C.VOIDED: frozenset(),
    _C.DECLINED: frozenset(),
}
_STEPS: Final[Mapping[tuple[Charge, Goal], Step]] = {
    (_C.REQUESTED, Goal.UNDECIDED): Step.AUTHORISE,
    (_C.REQUESTED, Goal.RETURN): Step.VOID,
    (_C.PENDING, Goal.UNDECIDED): Step.LOOK,
    (_C.PENDING, Goal.RETURN): Step.VOID,
    (_C.AUTHORISED, Goal.UNDECIDED): Step.DECIDE,
    (_C.AUTHORISED, Goal.KEEP): Step.CAPTURE,
    (_C.AUTHORISED, Goal.RETURN): Step.VOID,
    (_C.CAPTURED, Goal.UNDECIDED): Step.DECIDE,
    (_C.CAPTURED, Goal.RETURN): Step.REFUND,
}
_SHOWN: Final[Mapping[Charge, PaymentState]] = {
    _C.REQUESTED: PaymentState.PENDING,
    _C.PENDING: PaymentState.PENDING,
    _C.AUTHORISED: PaymentState.AUTHORISED,
    _C.CAPTURED: PaymentState.CAPTURED,
    _C.REFUNDED: PaymentState.REFUNDED,
    _C.VOIDED: PaymentState.VOIDED,
    _C.DECLINED: PaymentState.DECLINED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """`payment` is its id, and the root of every key that the provider is shown; `user` and `booking` are whose it is; `minor` are the
    smallest units of `currency`; `method` is the provider's token for what the customer pays with; `reference` is the provider's name for
    it, empty until it is known."""

    payment: str
    user: str
    booking: str
    minor: int
    currency: str
    method: str
    create_time: datetime
    update_time: datetime
    charge: Charge = Charge.REQUESTED
    goal: Goal = Goal.UNDECIDED
    reference: str = ""

    @property
    def is_over(self) -> bool:
        """Nothing can happen to the money any more."""
        return self.charge in _ENDS

    @property
    def next_step(self) -> Step:
        return _STEPS.get((self.charge, self.goal), Step.NONE)

    @property
    def state(self) -> PaymentState:
        if self.goal is Goal.RETURN and not self.is_over:
            return PaymentState.REFUND_DUE
        return _SHOWN[self.charge]

    @property
    def has_lost_its_money(self) -> bool:
        """It was to be kept, and is gone: the authorisation has lapsed, or somebody refunded it at the provider's."""
        return self.goal is Goal.KEEP and self.is_over

    def seen(self, charge: Charge, reference: str = "") -> "Payment":
        """After the provider's word. What was known before, or leads back, changes nothing."""
        known = replace(self, reference=self.reference or reference)
        return replace(known, charge=charge) if charge in _LEADS_TO[self.charge] else known

    def decided(self, *, keep: bool) -> "Payment":
        """Once; money that is to be returned is never kept after all."""
        if self.goal is not Goal.UNDECIDED:
            raise ValueError(f"payment {self.payment} is decided already")
        return replace(self, goal=Goal.KEEP if keep else Goal.RETURN)

    def returned(self) -> "Payment":
        """Whatever was decided: the seats are given back, or will never be taken."""
        return replace(self, goal=Goal.RETURN)
