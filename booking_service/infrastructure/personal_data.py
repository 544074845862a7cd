"""What this context holds about a user: exported to identity, and erased when identity says so."""

from collections.abc import AsyncIterator, Callable

from google.protobuf.json_format import MessageToDict

from booking_service.domain.bookings import BookingState, Change, MapChange
from booking_service.domain.events import Event, HoldReleased
from booking_service.infrastructure.grpc.translate import booking_message
from booking_service.infrastructure.postgres.bookings import PostgresBookings
from booking_service.infrastructure.postgres.readers import PostgresBookingReader
from booking_service.infrastructure.postgres.rows import BOOKING_COLUMNS, booking_of
from booking_service.infrastructure.postgres.showtimes import PostgresShowtimes
from mesh.personal_data import Documents
from mesh.postgres.database import Database
from mesh.postgres.outbox import OutboxMessage, write_outbox
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction

_AT_ONCE = 500
_ERASURE = Change("services/booking", "", "")
# The last column: it has claims that somebody has to take away, though the hold may have ended.
_OF_USER = text_statement(
    f"SELECT {BOOKING_COLUMNS}, state = 1 FROM bookings WHERE user_id = %(user)s ORDER BY showtime_id, booking_id FOR UPDATE"  # noqa: S608  # constants of ours
)
# What is sold stays sold, to nobody.
_FORGET_BUYER = text_statement("""
    UPDATE seat_claims AS c SET user_id = '' FROM bookings AS b
    WHERE b.user_id = %(user)s AND c.showtime_id = b.showtime_id AND c.seat = ANY (b.seats) AND c.user_id = b.user_id
        AND c.booking_id = b.booking_id
""")
_REMOVE = text_statement("DELETE FROM bookings WHERE user_id = %(user)s")


class BookingPersonalData:
    """The port PersonalData of mesh. What the audit log says of who did what stays, as long as the log is kept."""

    def __init__(self, database: Database, encode: Callable[[Event], OutboxMessage]) -> None:
        self._bookings, self._encode = PostgresBookingReader(database), encode

    async def erase(self, transaction: Transaction, user: str) -> int:
        rows = await transaction.fetch_all(_OF_USER, user=user)
        bookings, showtimes = PostgresBookings(transaction), PostgresShowtimes(transaction)
        for row in rows:
            if row[-1]:
                booking = booking_of(row)
                released, freed = await bookings.free(booking, BookingState.RELEASED, _ERASURE)
                version = await showtimes.next_version(booking.showtime)
                await write_outbox(transaction, [self._encode(HoldReleased(released, MapChange(version, tuple(freed))))])
        await transaction.execute(_FORGET_BUYER, user=user)
        return await transaction.execute(_REMOVE, user=user)

    async def export(self, user: str) -> AsyncIterator[tuple[str, Documents]]:
        after = None
        while page := await self._bookings.page(user, _AT_ONCE, after):
            yield "bookings", [MessageToDict(booking_message(booking)) for booking in page]
            after = (page[-1].create_time, page[-1].booking)
