"""Money is whole minor units, and comes out as it went in."""

import ast
from decimal import Decimal
from pathlib import Path

import pytest
from google.type.money_pb2 import Money
from hypothesis import given
from hypothesis import strategies as st

import booking_service
from booking_service.domain import bookings, showtimes, venues
from booking_service.infrastructure.grpc.money import minor_units, money_message
from reelmesh.booking.v1 import booking_pb2, showtime_pb2, venue_pb2

PACKAGE = Path(booking_service.__file__).parent
# Seconds, no money.
_OF_TIME = {
    PACKAGE / "infrastructure" / name
    for name in ("settings.py", "postgres/sweeping.py", "grpc/paying.py", "payments/driving.py", "payments/provider.py")
}


@given(st.sampled_from(["EUR", "USD", "JPY", "KWD", "XAF"]), st.integers(0, 1_000_000))
def test_minor_units_survive_the_way_out_and_in(currency: str, minor: int) -> None:
    assert minor_units(money_message(currency, minor)) == minor


@pytest.mark.parametrize(
    ("currency", "minor", "written"), [("EUR", 1234, "12.34"), ("JPY", 1234, "1234"), ("KWD", 1234, "1.234"), ("EUR", 5, "0.05")]
)
def test_a_minor_unit_is_what_it_is_in_its_currency(currency: str, minor: int, written: str) -> None:
    money = money_message(currency, minor)
    assert Decimal(money.units) + Decimal(money.nanos).scaleb(-9) == Decimal(written)


@pytest.mark.parametrize(
    ("money", "flaw"),
    [
        (Money(currency_code="eur", units=1), "code of a currency"),
        (Money(units=1), "code of a currency"),
        (Money(currency_code="EUR", units=-1), "negative"),
        (Money(currency_code="EUR", nanos=1_000_000_000), "negative"),
        (Money(currency_code="EUR", units=1_000_001), "at most"),
        (Money(currency_code="EUR", nanos=1), "whole minor units"),
        (Money(currency_code="JPY", nanos=500_000_000), "whole minor units"),
    ],
)
def test_what_is_no_price_is_refused(money: Money, flaw: str) -> None:
    with pytest.raises(ValueError, match=flaw):
        minor_units(money)


def floats_in(source: str) -> list[int]:
    """Lines that name, write or make one."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Div))
    ]


def test_there_is_no_float_in_the_context() -> None:
    found = {str(path): floats_in(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py") if path not in _OF_TIME}
    assert len(found) > 25
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize("line", ["x = 0.5", "x = float(y)", "x = y / 2", "x /= 2"])
def test_a_float_would_be_found(line: str) -> None:
    assert floats_in(line) == [1]


def test_the_contract_numbers_things_as_the_domain_does() -> None:
    pairs = [
        (bookings.BookingState, booking_pb2.Booking.State, "STATE_"),
        (showtimes.ShowtimeState, showtime_pb2.Showtime.State, "STATE_"),
        (showtimes.TicketType, showtime_pb2.TicketType, "TICKET_TYPE_"),
        (venues.SeatKind, venue_pb2.Seat.Kind, "KIND_"),
    ]
    for ours, theirs, prefix in pairs:
        numbered = {name.removeprefix(prefix): number for name, number in theirs.items() if number}
        assert {each.name: each.value for each in ours} == numbered
    formats = [number for number in showtime_pb2.Showtime.Format.values() if number]
    assert [each.value for each in showtimes.Format] == formats
