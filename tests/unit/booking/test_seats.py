"""Which seats may be taken together, and what they cost."""

import string
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking_service.domain.bookings import require_no_single_seat, tickets_for
from booking_service.domain.errors import FieldsWrong, SeatUnknown, ShowtimeCanceled, ShowtimeInUse, SingleSeatLeft, TicketNotSold
from booking_service.domain.showtimes import Format, Prices, Showtime, ShowtimeState, TicketType
from booking_service.domain.venues import Layout, Seat, SeatKind, layout_of

NOW = datetime(2026, 5, 1, 20, tzinfo=UTC)
ROW = [f"A{number}" for number in range(1, 9)]


def layout(ids: Iterable[str] = ROW, leave_no_single_seat: bool = True) -> Layout:
    return layout_of("l", [Seat(seat, "stalls", SeatKind.STANDARD, 0, 0) for seat in ids], leave_no_single_seat)


SHOWTIME = Showtime(
    showtime="s",
    movie="m",
    venue="v",
    hall="h",
    layout="l",
    language_code="fr",
    seat_count=8,
    start_time=NOW,
    end_time=NOW + timedelta(hours=2),
    format=Format.TWO_D,
    prices=Prices("EUR", {("stalls", TicketType.ADULT): 900}),
    create_time=NOW,
    update_time=NOW,
)


@pytest.mark.parametrize(
    ("taken", "wanted", "alone"),
    [
        ([], ["A2"], ["A1"]),
        ([], ["A1"], []),
        ([], ["A3", "A4"], []),
        (["A1", "A2"], ["A4"], ["A3"]),
        (["A1", "A3"], ["A4"], []),  # A2 was alone before
        (["A1", "A2", "A3", "A4", "A5"], ["A7"], ["A6", "A8"]),
        (["A1", "A2", "A3", "A4", "A5", "A6"], ["A7"], []),  # the last one of the row stays, whichever is taken
        (ROW[1:], ["A1"], []),
    ],
)
def test_no_seat_is_left_alone_that_was_not(taken: list[str], wanted: list[str], alone: list[str]) -> None:
    with pytest.raises(SingleSeatLeft) if alone else nullcontext() as refused:
        require_no_single_seat("s", layout(), taken, wanted)
    assert (refused.value.seats if refused else []) == alone


@given(st.sets(st.sampled_from(ROW)), st.sampled_from(ROW))
def test_without_the_rule_any_seat_may_be_taken(taken: set[str], wanted: str) -> None:
    require_no_single_seat("s", layout(leave_no_single_seat=False), taken, [wanted])


@given(st.sets(st.sampled_from(ROW)))
def test_with_the_rule_somebody_can_always_take_all_that_is_left(taken: set[str]) -> None:
    if rest := [seat for seat in ROW if seat not in taken]:
        require_no_single_seat("s", layout(), taken, rest)


def test_tickets_are_in_the_order_in_which_seats_are_claimed() -> None:
    tickets = tickets_for(SHOWTIME, layout(), dict.fromkeys(["A3", "A1", "A2"], TicketType.ADULT))
    assert [(each.seat, each.minor) for each in tickets] == [("A1", 900), ("A2", 900), ("A3", 900)]
    with pytest.raises(SeatUnknown) as unknown:
        tickets_for(SHOWTIME, layout(), {"B9": TicketType.ADULT, "A1": TicketType.ADULT})
    assert unknown.value.seats == ["B9"]
    with pytest.raises(TicketNotSold) as not_sold:
        tickets_for(SHOWTIME, layout(), {"A1": TicketType.CHILD})
    assert not_sold.value.seats == ["A1"]


@given(st.permutations(ROW))
def test_a_row_is_in_the_order_of_its_numbers(ids: list[str]) -> None:
    assert [seat.seat for seat in layout(ids).rows["A"]] == ROW


@given(st.text(string.ascii_uppercase, min_size=1, max_size=2), st.integers(1, 999))
def test_a_seat_is_a_row_and_a_number(row: str, number: int) -> None:
    seat = Seat(f"{row}{number}", "stalls", SeatKind.STANDARD, 0, 0)
    assert (seat.row, seat.number) == (row, number)


def test_a_seat_occurs_once_in_a_hall() -> None:
    with pytest.raises(FieldsWrong, match="A1 occurs twice"):
        layout(["A1", "A2", "A1"])


def test_a_showtime_with_seats_taken_may_begin_earlier_and_end_later_only() -> None:
    hour = timedelta(hours=1)
    wider = {"start_time": NOW - hour, "end_time": NOW + 3 * hour}
    after = SHOWTIME.changed(wider, layout(), True, NOW)
    assert (after.revision, after.etag == SHOWTIME.etag) == (2, False)
    for narrower in ({"start_time": NOW + hour}, {"end_time": NOW + hour}, {"movie": "other"}):
        with pytest.raises(ShowtimeInUse):
            SHOWTIME.changed(narrower, layout(), True, NOW)
        assert SHOWTIME.changed(narrower, layout(), False, NOW)
    with pytest.raises(ShowtimeCanceled):
        replace(SHOWTIME, state=ShowtimeState.CANCELED).changed({}, layout(), False, NOW)
