"""Three houses with eight halls that do not exist: their shapes, zones and prices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Final

from google.type.money_pb2 import Money

from reelmesh.booking.v1.showtime_pb2 import Price, TicketType
from reelmesh.booking.v1.venue_pb2 import Hall, Seat, Venue

_WIDTH: Final = 10  # of a seat, in the units of the contract
_STANDARD: Final = "standard"
_PREMIUM: Final = "premium"
# In hundredths of the full price.
_SHARES: Final = {
    TicketType.TICKET_TYPE_ADULT: 100,
    TicketType.TICKET_TYPE_CHILD: 60,
    TicketType.TICKET_TYPE_STUDENT: 80,
    TicketType.TICKET_TYPE_SENIOR: 80,
}


@dataclass(frozen=True, slots=True)
class Room:
    """`rows` are the numbers of seats in each, from the screen on; those from the index `premium` on are another zone. An aisle as wide as
    `aisle` seats halves each row. The first two and the last two seats of the first row are for a wheelchair and a companion."""

    hall: str
    title: str
    rows: Sequence[int]
    premium: int
    aisle: int = 0
    leave_no_single_seat: bool = False

    @property
    def message(self) -> Hall:
        return Hall(title=self.title, seats=self._seats(), leave_no_single_seat=self.leave_no_single_seat)

    @property
    def zones(self) -> list[str]:
        return [_STANDARD, _PREMIUM] if self.premium else [_PREMIUM]

    def _seats(self) -> Iterator[Seat]:
        widest = max(self.rows)
        for index, count in enumerate(self.rows):
            margin = (widest - count) * _WIDTH // 2
            for place in range(count):
                gap = self.aisle * _WIDTH if place >= count // 2 else 0
                premium = index >= self.premium
                kind = Seat.KIND_PREMIUM if premium else Seat.KIND_STANDARD
                if index == 0 and place in (0, count - 1):
                    kind = Seat.KIND_WHEELCHAIR
                elif index == 0 and place in (1, count - 2):
                    kind = Seat.KIND_COMPANION
                yield Seat(
                    seat=f"{ascii_uppercase[index]}{place + 1}",
                    zone=_PREMIUM if premium else _STANDARD,
                    kind=kind,
                    x=margin + gap + place * _WIDTH,
                    y=index * _WIDTH,
                )


@dataclass(frozen=True, slots=True)
class Cinema:
    """`standard` and `premium` are the full prices, in whole units of `currency`."""

    venue: str
    message: Venue
    language: str
    currency: str
    standard: int
    premium: int
    rooms: Sequence[Room]

    def prices(self, room: Room) -> list[Price]:
        full = {_STANDARD: self.standard, _PREMIUM: self.premium}
        return [
            Price(zone=zone, ticket_type=kind, price=self._money(full[zone] * share))
            for zone in room.zones
            for kind, share in _SHARES.items()
        ]

    def _money(self, hundredths: int) -> Money:
        units, rest = divmod(hundredths, 100)
        return Money(currency_code=self.currency, units=units, nanos=rest * 10_000_000)


CINEMAS: Final = (
    Cinema(
        "demo-lumiere",
        Venue(title="Lumière", address="1, rue de l’Écran, Paris", region_code="FR", time_zone="Europe/Paris"),
        *("fr", "EUR", 11, 15),
        (
            Room("one", "Grande salle", [16, 18, 20, 20, 22, 22, 24, 24, 26, 26, 28, 28, 26], premium=10, aisle=2),
            Room("two", "Salle 2", [10] * 12, premium=9),
            Room("three", "Salon", [6, 8, 8, 8, 10], premium=3, leave_no_single_seat=True),
        ),
    ),
    Cinema(
        "demo-roxy",
        Venue(title="Roxy", address="Lichtspielplatz 7, Berlin", region_code="DE", time_zone="Europe/Berlin"),
        *("de", "EUR", 10, 13),
        (
            Room("one", "Saal 1", [18] * 10, premium=7, aisle=2),
            Room("two", "Saal 2", [12, 12, 12, 12, 12, 12, 12], premium=5, leave_no_single_seat=True),
        ),
    ),
    Cinema(
        "demo-hikari",
        Venue(title="光シネマ", address="東京都銀幕町1-2-3", region_code="JP", time_zone="Asia/Tokyo"),
        *("ja", "JPY", 2000, 2500),
        (
            Room("one", "スクリーン1", [14, 16, 18, 20, 22, 24, 26, 28, 30, 22], premium=8, aisle=3),
            Room("two", "スクリーン2", [8, 10, 12, 12, 12, 14, 14, 14], premium=6),
            Room("three", "ラウンジ", [8, 8, 8, 8, 8], premium=0),
        ),
    ),
)
