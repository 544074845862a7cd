"""Houses, their halls, and the seats in them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from booking_service.domain.errors import FieldsWrong, ResourceChanged


class SeatKind(Enum):
    """The numbers are stored."""

    STANDARD = 1
    PREMIUM = 2
    WHEELCHAIR = 3
    COMPANION = 4


@dataclass(frozen=True, slots=True)
class Seat:
    """`seat` is its id, row and number (`C12`); where to draw it is in tenths of the width of a seat."""

    seat: str
    zone: str
    kind: SeatKind
    x: int
    y: int

    @property
    def row(self) -> str:
        return self.seat.rstrip("0123456789")

    @property
    def number(self) -> int:
        return int(self.seat[len(self.row) :])


@dataclass(frozen=True)
class Layout:
    """The seats of a hall and the rule for taking them; never changed, a changed hall has another one."""

    layout: str
    seats: tuple[Seat, ...]
    leave_no_single_seat: bool

    @cached_property
    def by_id(self) -> dict[str, Seat]:
        return {seat.seat: seat for seat in self.seats}

    @cached_property
    def rows(self) -> dict[str, tuple[Seat, ...]]:
        """By their letters; the seats of a row by their numbers."""
        rows: dict[str, list[Seat]] = {}
        for seat in sorted(self.seats, key=lambda each: each.number):
            rows.setdefault(seat.row, []).append(seat)
        return {row: tuple(seats) for row, seats in rows.items()}

    @cached_property
    def zones(self) -> frozenset[str]:
        return frozenset(seat.zone for seat in self.seats)


def layout_of(layout: str, seats: Sequence[Seat], leave_no_single_seat: bool) -> Layout:
    """Raises FieldsWrong for a seat that occurs twice."""
    twice = [seat for seat, count in Counter(seat.seat for seat in seats).items() if count > 1]
    if twice:
        raise FieldsWrong([("hall.seats", f"{seat} occurs twice") for seat in twice])
    return Layout(layout, tuple(seats), leave_no_single_seat)


def etag_of(create_time: datetime, revision: int) -> str:
    # The time tells apart two resources that had the same name one after the other.
    return f"{int(create_time.timestamp() * 1_000_000):x}-{revision:x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    venue: str
    title: str
    address: str
    region_code: str
    time_zone: str
    create_time: datetime
    update_time: datetime
    revision: int = 1

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise FieldsWrong([("venue.time_zone", "is not a time zone of the IANA database")]) from error

    @property
    def etag(self) -> str:
        return etag_of(self.create_time, self.revision)

    def changed(self, changes: dict[str, Any], now: datetime) -> "Venue":
        return replace(self, **changes, update_time=now, revision=self.revision + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    """`layout` is the one of showtimes to come."""

    venue: str
    hall: str
    title: str
    layout: Layout
    create_time: datetime
    update_time: datetime
    revision: int = 1

    @property
    def etag(self) -> str:
        return etag_of(self.create_time, self.revision)

    def changed(self, title: str, layout: Layout, now: datetime) -> "Hall":
        return replace(self, title=title, layout=layout, update_time=now, revision=self.revision + 1)


def require_etag(given: str, now: str) -> None:
    """Raises ResourceChanged for a given one that is not that of now."""
    if given and given != now:
        raise ResourceChanged
