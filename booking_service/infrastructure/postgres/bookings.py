"""Bookings, and the claims of their seats."""

from collections.abc import Sequence

from booking_service.application.ports import Wanted
from booking_service.domain.bookings import Booking, BookingState, Change, HoldRules
from booking_service.domain.errors import BookingAlreadyExists, BookingNotFound, SeatsTaken, ShowtimeNotFound, TooManyHolds
from booking_service.infrastructure.postgres.rows import BOOKING_COLUMNS, booking_of, change_values
from mesh.postgres.faults import constraint_errors
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction

# Of a user who holds seats on two devices at once, one waits: the next statement counts what it has done.
_LOCK_HOLDER = text_statement("SELECT pg_advisory_xact_lock(hashtextextended(%(showtime)s || '/' || %(user)s, 0))")
# Everybody who claims seats of a showtime whose hall has a rule about neighbours, one after the other.
_LOCK_SEATS = text_statement("SELECT pg_advisory_xact_lock(hashtextextended(%(showtime)s, 1))")
_TAKEN = text_statement("SELECT seat FROM seat_claims WHERE showtime_id = %(showtime)s AND until > clock_timestamp()")
# All that a hold is, in one statement. Claims are made in the order of the seats, so that of two that want the same ones, in whatever
# order, one waits for the other. A claim that somebody else has is not overwritten while it lasts, by the clock of the database when its
# row is locked; if there are fewer claims than seats, there is no booking, and the caller rolls back.
_HOLD = text_statement(f"""
    WITH live AS MATERIALIZED (
        SELECT count(*) AS holds FROM bookings
        WHERE showtime_id = %(showtime)s AND user_id = %(user)s AND state = 1 AND hold_until > clock_timestamp()
    ),
    term AS MATERIALIZED (SELECT clock_timestamp() AS began),
    claimed AS (
        INSERT INTO seat_claims AS c (showtime_id, seat, user_id, booking_id, until)
        SELECT %(showtime)s, seat, %(user)s, %(booking)s, began + %(lifetime)s
        FROM unnest(%(seats)s::text[]) WITH ORDINALITY AS wanted (seat, place), term, live
        WHERE holds < %(most)s ORDER BY place
        ON CONFLICT (showtime_id, seat) DO UPDATE SET user_id = excluded.user_id, booking_id = excluded.booking_id, until = excluded.until
        WHERE c.until <= clock_timestamp()
        RETURNING seat
    ),
    made AS (
        INSERT INTO bookings (
            user_id, booking_id, showtime_id, state, seats, ticket_types, prices, currency, hold_until, extended, create_time, update_time,
            actor, address, trace_id
        )
        SELECT %(user)s, %(booking)s, %(showtime)s, 1, %(seats)s, %(ticket_types)s, %(prices)s, %(currency)s, began + %(lifetime)s, false,
            began, began, %(actor)s, %(address)s, %(trace_id)s
        FROM term WHERE (SELECT count(*) FROM claimed) = cardinality(%(seats)s::text[])
        ON CONFLICT DO NOTHING
        RETURNING {BOOKING_COLUMNS}
    )
    SELECT made.*, holds, ARRAY(SELECT seat FROM claimed) FROM live LEFT JOIN made ON true
""")  # noqa: S608  # constants of ours
_HOLD_WIDTH = 12
_LOCK = text_statement(f"SELECT {BOOKING_COLUMNS} FROM bookings WHERE user_id = %(user)s AND booking_id = %(booking)s FOR UPDATE")  # noqa: S608  # constants of ours
# The claims of a booking that are still its own, locked in the order in which everybody locks them.
_OWN = """
    own AS MATERIALIZED (
        SELECT seat FROM seat_claims
        WHERE showtime_id = %(showtime)s AND seat = ANY (%(seats)s) AND user_id = %(user)s AND booking_id = %(booking)s
        ORDER BY seat FOR UPDATE
    )
"""
_EXTEND = text_statement(f"""
    WITH {_OWN},
    longer AS (
        UPDATE seat_claims AS c SET until = clock_timestamp() + %(lifetime)s FROM own
        WHERE c.showtime_id = %(showtime)s AND c.seat = own.seat AND c.until > clock_timestamp() RETURNING c.until
    )
    UPDATE bookings SET hold_until = (SELECT min(until) FROM longer), extended = true, update_time = clock_timestamp(),
        actor = %(actor)s, address = %(address)s, trace_id = %(trace_id)s
    WHERE user_id = %(user)s AND booking_id = %(booking)s AND (SELECT count(*) FROM longer) = cardinality(seats)
    RETURNING {BOOKING_COLUMNS}
""")  # noqa: S608  # constants of ours
_FREE = text_statement(f"""
    WITH {_OWN},
    freed AS (DELETE FROM seat_claims AS c USING own WHERE c.showtime_id = %(showtime)s AND c.seat = own.seat RETURNING c.seat)
    UPDATE bookings SET state = %(state)s, update_time = clock_timestamp(),
        actor = %(actor)s, address = %(address)s, trace_id = %(trace_id)s
    WHERE user_id = %(user)s AND booking_id = %(booking)s
    RETURNING {BOOKING_COLUMNS}, ARRAY(SELECT seat FROM freed ORDER BY seat)
""")  # noqa: S608  # constants of ours
_EXPIRED = text_statement(f"""
    SELECT {BOOKING_COLUMNS} FROM bookings WHERE state = 1 AND hold_until <= clock_timestamp()
    ORDER BY hold_until LIMIT 1 FOR UPDATE SKIP LOCKED
""")  # noqa: S608  # constants of ours


class PostgresBookings:
    """The port Bookings."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def hold(self, wanted: Wanted, rules: HoldRules) -> Booking:
        await self._transaction.fetch_one(_LOCK_HOLDER, showtime=wanted.showtime, user=wanted.user)
        seats = [ticket.seat for ticket in wanted.tickets]
        with constraint_errors({"bookings_of_showtimes": lambda: ShowtimeNotFound(wanted.showtime)}):
            row = await self._transaction.fetch_one(
                _HOLD,
                user=wanted.user,
                booking=wanted.booking,
                showtime=wanted.showtime,
                seats=seats,
                ticket_types=[ticket.ticket_type.value for ticket in wanted.tickets],
                prices=[ticket.minor for ticket in wanted.tickets],
                currency=wanted.currency,
                lifetime=rules.lifetime,
                most=rules.live_holds,
                **change_values(wanted.change),
            )
        assert row is not None  # noqa: S101  # a count is always there
        live, claimed = row[_HOLD_WIDTH:]
        if live >= rules.live_holds:
            raise TooManyHolds(wanted.user, wanted.showtime, rules.live_holds)
        if missing := sorted(set(seats) - set(claimed)):
            raise SeatsTaken(wanted.showtime, missing)
        if row[0] is None:
            raise BookingAlreadyExists(wanted.user, wanted.booking)
        return booking_of(row)

    async def taken_seats(self, showtime: str) -> list[str]:
        await self._transaction.fetch_one(_LOCK_SEATS, showtime=showtime)
        return [row[0] for row in await self._transaction.fetch_all(_TAKEN, showtime=showtime)]

    async def lock(self, user: str, booking: str) -> Booking:
        row = await self._transaction.fetch_one(_LOCK, user=user, booking=booking)
        if row is None:
            raise BookingNotFound(user, booking)
        return booking_of(row)

    async def extend(self, booking: Booking, rules: HoldRules, change: Change) -> Booking | None:
        row = await self._transaction.fetch_one(_EXTEND, lifetime=rules.lifetime, **_claims_of(booking), **change_values(change))
        return None if row is None else booking_of(row)

    async def free(self, booking: Booking, state: BookingState, change: Change) -> tuple[Booking, Sequence[str]]:
        row = await self._transaction.fetch_one(_FREE, state=state.value, **_claims_of(booking), **change_values(change))
        if row is None:
            raise BookingNotFound(booking.user, booking.booking)
        return booking_of(row), row[-1]

    async def expired(self) -> Booking | None:
        row = await self._transaction.fetch_one(_EXPIRED)
        return None if row is None else booking_of(row)


def _claims_of(booking: Booking) -> dict[str, object]:
    return {"showtime": booking.showtime, "seats": booking.seats, "user": booking.user, "booking": booking.booking}
