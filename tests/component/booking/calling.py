"""Short ways to make the calls that tests of booking make."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money

from mesh.postgres.statements import text_statement
from mesh.server import RunningService
from mesh.timestamps import timestamp
from reelmesh.booking.v1 import booking_pb2, showtime_pb2, venue_pb2
from reelmesh.booking.v1 import booking_service_pb2 as b
from reelmesh.booking.v1 import payment_service_pb2 as p
from reelmesh.booking.v1 import showtime_service_pb2 as s
from reelmesh.booking.v1 import venue_service_pb2 as v
from reelmesh.booking.v1.booking_service_pb2_grpc import BookingServiceStub
from reelmesh.booking.v1.payment_service_pb2_grpc import PaymentServiceStub
from reelmesh.booking.v1.showtime_service_pb2_grpc import ShowtimeServiceStub
from reelmesh.booking.v1.venue_service_pb2_grpc import VenueServiceStub
from tests.services import Metadata, admin, token

ALICE = "users/alice"
VENUE, HALL, SHOWTIME = "venues/odeon", "venues/odeon/halls/one", "showtimes/tonight"
ADULT, CHILD = showtime_pb2.TICKET_TYPE_ADULT, showtime_pb2.TICKET_TYPE_CHILD
_OUTBOX = text_statement("SELECT type_name, payload FROM outbox ORDER BY id")
# Methods that only administrators may call.
_THEIRS = frozenset(f"{verb}{kind}" for verb in ("Create", "Update", "Delete", "Cancel") for kind in ("Venue", "Hall", "Showtime"))


def venue(**fields: Any) -> venue_pb2.Venue:
    return venue_pb2.Venue(**{"title": "Odeon", "region_code": "FR", "time_zone": "Europe/Paris", **fields})


def seats(rows: str = "ABCDEFGHIJ", numbers: int = 20, zone: str = "stalls") -> list[venue_pb2.Seat]:
    return [
        venue_pb2.Seat(seat=f"{row}{number}", zone=zone, x=10 * number, y=10 * index)
        for index, row in enumerate(rows)
        for number in range(1, numbers + 1)
    ]


def hall(**fields: Any) -> venue_pb2.Hall:
    return venue_pb2.Hall(**{"title": "One", "seats": seats(), **fields})


def price(zone: str = "stalls", kind: "showtime_pb2.TicketType.ValueType" = ADULT, units: int = 9, nanos: int = 0) -> showtime_pb2.Price:
    return showtime_pb2.Price(zone=zone, ticket_type=kind, price=Money(currency_code="EUR", units=units, nanos=nanos))


def hours(count: float) -> Timestamp:
    """From now."""
    return timestamp(datetime.now(UTC) + timedelta(hours=count))


def showtime(**fields: Any) -> showtime_pb2.Showtime:
    usual = {
        "movie": "movies/tt1",
        "hall": HALL,
        "start_time": hours(2),
        "end_time": hours(4),
        "prices": [price(), price(kind=CHILD, units=6, nanos=500_000_000)],
    }
    return showtime_pb2.Showtime(**{**usual, **fields})


def choices(wanted: Iterable[str], kind: "showtime_pb2.TicketType.ValueType" = ADULT) -> list[b.SeatChoice]:
    return [b.SeatChoice(seat=seat, ticket_type=kind) for seat in wanted]


class Booking:
    """Every method of the context by its name, called as alice, or as an administrator where that is needed, unless told otherwise."""

    def __init__(self, channel: grpc.aio.Channel, service: RunningService) -> None:
        self.address, self.database = service.address, service.foundation.database
        kinds: Sequence[tuple[Any, Any]] = (
            (VenueServiceStub, v),
            (ShowtimeServiceStub, s),
            (BookingServiceStub, b),
            (PaymentServiceStub, p),
        )
        self._methods: dict[str, tuple[Any, Any]] = {}
        for stub, module in kinds:
            (described,) = module.DESCRIPTOR.services_by_name.values()
            made = stub(channel)
            for method in described.methods_by_name:
                self._methods[method] = getattr(made, method), getattr(module, f"{method}Request")

    def __getattr__(self, method: str) -> Any:
        call, kind = self._methods[method]

        def calling(*, caller: Metadata | None = None, timeout: float = 60, **fields: Any) -> Any:
            usual = admin() if method in _THEIRS else token()
            return call(kind(**fields), metadata=usual if caller is None else caller, timeout=timeout)

        return calling

    def call(self, method: str, request: Message) -> Any:
        return self._methods[method][0](request, metadata=admin() if method in _THEIRS else token(), timeout=60)

    async def programme(self, prices: Sequence[showtime_pb2.Price] = (), **fields: Any) -> None:
        """A venue with a hall of 200 seats, and a showtime tonight, at the usual prices unless told others; `fields` are of the hall."""
        await self.CreateVenue(venue=venue(), venue_id="odeon")
        await self.CreateHall(parent=VENUE, hall=hall(**fields), hall_id="one")
        await self.CreateShowtime(showtime=showtime(**({"prices": prices} if prices else {})), showtime_id="tonight")

    async def hold(self, *wanted: str, user: str = ALICE, **more: Any) -> booking_pb2.Booking:
        request = {"parent": user, "showtime": SHOWTIME, "seats": choices(wanted), "caller": token(user), **more}
        held: booking_pb2.Booking = (await self.HoldSeats(**request)).booking
        return held

    async def taken(self) -> dict[str, str]:
        """Seats that are not free, by their ids."""
        found = (await self.GetSeatMap(name=f"{SHOWTIME}/seatMap")).seat_map
        state = showtime_pb2.SeatStatus.State
        return {each.seat.seat: state.Name(each.state) for each in found.seats if each.state != state.STATE_FREE}

    async def told(self) -> list[tuple[str, bytes]]:
        """Events that the outbox holds, with their names."""
        return [(name.rpartition(".")[2], payload) for name, payload in await self.database.fetch_all(_OUTBOX)]
