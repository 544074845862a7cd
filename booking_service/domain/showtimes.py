"""A film in a hall at a time, and what a seat costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

from booking_service.domain.errors import FieldsWrong, ShowtimeCanceled, ShowtimeInUse
from booking_service.domain.venues import Layout, etag_of

LONGEST: Final = timedelta(days=1)


class TicketType(Enum):
    """The numbers are stored."""

    ADULT = 1
    CHILD = 2
    STUDENT = 3
    SENIOR = 4


class Format(Enum):
    """The numbers are stored."""

    TWO_D = 1
    THREE_D = 2
    IMAX = 3


class ShowtimeState(Enum):
    """The numbers are stored."""

    SCHEDULED = 1
    CANCELED = 2


@dataclass(frozen=True, slots=True)
class Prices:
    """By zone and type of ticket, in minor units of `currency` (ISO 4217)."""

    currency: str
    minor: Mapping[tuple[str, TicketType], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Showtime:
    """`map_version` counts the changes of its seats, `revision` those of everything else."""

    showtime: str
    movie: str
    venue: str
    hall: str
    layout: str
    seat_count: int
    start_time: datetime
    end_time: datetime
    language_code: str
    format: Format
    prices: Prices
    create_time: datetime
    update_time: datetime
    state: ShowtimeState = ShowtimeState.SCHEDULED
    map_version: int = 0
    revision: int = 1

    @property
    def etag(self) -> str:
        return etag_of(self.create_time, self.revision)

    def canceled(self, now: datetime) -> "Showtime":
        return replace(self, state=ShowtimeState.CANCELED, update_time=now, revision=self.revision + 1)

    def changed(self, changes: dict[str, Any], layout: Layout, in_use: bool, now: datetime) -> "Showtime":
        """`in_use` is whether anybody has seats: for them the film stays, and it neither begins later nor ends earlier.

        Raises ShowtimeCanceled, ShowtimeInUse, FieldsWrong.
        """
        if self.state is ShowtimeState.CANCELED:
            raise ShowtimeCanceled(self.showtime)
        after = replace(self, **changes, update_time=now, revision=self.revision + 1)
        if in_use and (after.movie != self.movie or after.start_time > self.start_time or after.end_time < self.end_time):
            raise ShowtimeInUse(self.showtime)
        require_terms(after.start_time, after.end_time, after.prices, layout)
        return after


def prices_of(given: Sequence[tuple[str, TicketType, str, int]]) -> Prices:
    """Of zones, types, currencies and minor units. Raises FieldsWrong, with all that is wrong."""
    flaws, minor = [], {}
    currency = given[0][2]
    for index, (zone, ticket_type, own_currency, units) in enumerate(given):
        if own_currency != currency:
            flaws.append((f"showtime.prices[{index}].price", f"is in {own_currency}, and the first one in {currency}"))
        if (zone, ticket_type) in minor:
            flaws.append((f"showtime.prices[{index}]", f"is a second one for {ticket_type.name} in {zone}"))
        minor[zone, ticket_type] = units
    if flaws:
        raise FieldsWrong(flaws)
    return Prices(currency, minor)


def require_terms(start: datetime, end: datetime, prices: Prices, layout: Layout) -> None:
    """Raises FieldsWrong, with all that does not fit."""
    flaws = []
    if end <= start:
        flaws.append(("showtime.end_time", "must be after the start"))
    elif end - start > LONGEST:
        flaws.append(("showtime.end_time", "must be at most a day after the start"))
    strange = {zone for zone, _ in prices.minor} - layout.zones
    flaws += [("showtime.prices", f"are for a zone that the hall has not: {zone}") for zone in sorted(strange)]
    missing = layout.zones - {zone for zone, _ in prices.minor}
    flaws += [("showtime.prices", f"has none for the zone {zone}") for zone in sorted(missing)]
    if flaws:
        raise FieldsWrong(flaws)
