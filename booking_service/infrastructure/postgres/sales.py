"""The port Sales: seats for good, and for nobody."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from booking_service.domain.bookings import Booking, BookingState, Change
from booking_service.domain.errors import SeatsTaken, ShowtimeBegun, ShowtimeCanceled, ShowtimeNotFound
from booking_service.infrastructure.postgres.rows import change_values
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction

# In the order of the seats, as every claim is made. A seat is to be had when it is this booking's already, when nobody has it, or when
# whoever held it last does not any more.
_CLAIM_FOR_GOOD = text_statement("""
    INSERT INTO seat_claims (showtime_id, seat, user_id, booking_id, until)
    SELECT %(showtime)s, seat, %(user)s, %(booking)s, 'infinity' FROM unnest(%(seats)s::text[]) WITH ORDINALITY AS wanted (seat, place)
    ORDER BY place
    ON CONFLICT (showtime_id, seat) DO UPDATE SET user_id = EXCLUDED.user_id, booking_id = EXCLUDED.booking_id, until = 'infinity'
    WHERE seat_claims.until <= clock_timestamp()
        OR (seat_claims.user_id = EXCLUDED.user_id AND seat_claims.booking_id = EXCLUDED.booking_id)
    RETURNING seat
""")
_MOVE = text_statement("""
    UPDATE bookings SET state = %(state)s, update_time = clock_timestamp(),
        actor = %(actor)s, address = %(address)s, trace_id = %(trace_id)s
    WHERE user_id = %(user)s AND booking_id = %(booking)s RETURNING update_time
""")
_NEXT_WHILE_OPEN = text_statement("""
    UPDATE showtimes SET map_version = map_version + 1
    WHERE showtime_id = %(showtime)s AND state = 1 AND start_time > clock_timestamp() RETURNING map_version
""")
_IS_CANCELED = text_statement("SELECT state = 2 FROM showtimes WHERE showtime_id = %(showtime)s")
# By their claims, which go with the booking: what is done is not looked at again.
_LEFT = text_statement("""
    SELECT b.user_id, b.booking_id FROM bookings AS b
    WHERE (b.user_id, b.booking_id) IN (
        SELECT c.user_id, c.booking_id FROM seat_claims AS c JOIN showtimes AS s USING (showtime_id) WHERE s.state = 2 LIMIT 500
    )
    ORDER BY b.user_id, b.booking_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
""")


class PostgresSales:
    """Inside a transaction that has locked the booking."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def confirm(self, booking: Booking, change: Change) -> Booking:
        rows = await self._transaction.fetch_all(
            _CLAIM_FOR_GOOD, showtime=booking.showtime, user=booking.user, booking=booking.booking, seats=booking.seats
        )
        if lost := sorted(set(booking.seats) - {seat for (seat,) in rows}):
            raise SeatsTaken(booking.showtime, lost)
        return await self._moved(booking, BookingState.CONFIRMED, change)

    async def refund(self, booking: Booking, change: Change) -> Booking:
        return await self._moved(booking, BookingState.REFUNDED, change)

    async def next_version_while_open(self, showtime: str) -> int:
        row = await self._transaction.fetch_one(_NEXT_WHILE_OPEN, showtime=showtime)
        if row is not None:
            return int(row[0])
        found = await self._transaction.fetch_one(_IS_CANCELED, showtime=showtime)
        if found is None:
            raise ShowtimeNotFound(showtime)
        raise ShowtimeCanceled(showtime) if found[0] else ShowtimeBegun(showtime)

    async def left_of_canceled_showtimes(self, limit: int) -> Sequence[tuple[str, str]]:
        return [(user, booking) for user, booking in await self._transaction.fetch_all(_LEFT, limit=limit)]

    async def _moved(self, booking: Booking, state: BookingState, change: Change) -> Booking:
        values = {"state": state.value, "user": booking.user, "booking": booking.booking}
        row = await self._transaction.fetch_one(_MOVE, **values, **change_values(change))
        update_time: datetime = booking.update_time if row is None else row[0]
        return replace(booking, state=state, update_time=update_time)
