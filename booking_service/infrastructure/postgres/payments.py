"""The ports Payments and DuePayments: what is known of payments, and when each is to be driven on."""

from collections.abc import Sequence

from booking_service.domain.bookings import Booking, Change
from booking_service.domain.payments import Charge, Goal, Payment, Step
from booking_service.infrastructure.postgres.rows import change_values
from mesh.postgres.database import Database
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Row, Transaction

COLUMNS = "payment_id, user_id, booking_id, amount, currency, method, charge, goal, reference, create_time, update_time"
# Whoever begins or moves a payment drives it on at once, and has this long for it before somebody else tries.
_LEASE = "interval '15 seconds'"
# The pause doubles up to an hour while nothing happens: the provider is away, or a slow method takes its days.
_PAUSE = "make_interval(secs => least(3600, %(pause)s * 2 ^ least(attempts, 20)))"

_ADD = text_statement(f"""
    INSERT INTO payments (payment_id, user_id, booking_id, amount, currency, method, charge, goal, reference, due_time, create_time,
        update_time, actor, address, trace_id)
    VALUES (%(payment)s, %(user)s, %(booking)s, %(minor)s, %(currency)s, %(method)s, {Charge.REQUESTED.value}, {Goal.UNDECIDED.value}, '',
        clock_timestamp() + {_LEASE}, clock_timestamp(), clock_timestamp(), %(actor)s, %(address)s, %(trace_id)s)
    RETURNING {COLUMNS}
""")  # noqa: S608  # names of ours, here and below
_LAST = text_statement(f"""
    SELECT {COLUMNS} FROM payments WHERE user_id = %(user)s AND booking_id = %(booking)s ORDER BY create_time DESC LIMIT 1 FOR UPDATE
""")  # noqa: S608
_FIND = text_statement(f"SELECT {COLUMNS} FROM payments WHERE payment_id = %(payment)s")  # noqa: S608
_LOCK = text_statement(f"SELECT {COLUMNS} FROM payments WHERE payment_id = %(payment)s FOR UPDATE")  # noqa: S608
_SAVE = text_statement(f"""
    UPDATE payments SET charge = %(charge)s, goal = %(goal)s, reference = %(reference)s, attempts = 0,
        due_time = CASE WHEN %(waits)s THEN NULL ELSE clock_timestamp() + {_LEASE} * %(leased)s::int END, update_time = clock_timestamp(),
        actor = %(actor)s, address = %(address)s, trace_id = %(trace_id)s
    WHERE payment_id = %(payment)s RETURNING {COLUMNS}
""")  # noqa: S608
_TAKE_DUE = text_statement(f"""
    UPDATE payments SET due_time = clock_timestamp() + {_PAUSE}, attempts = attempts + 1
    WHERE payment_id = ANY (ARRAY(
        SELECT payment_id FROM payments WHERE due_time <= clock_timestamp() ORDER BY due_time LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ))
    RETURNING {COLUMNS}
""")  # noqa: S608


class PostgresPayments:
    """The port Payments."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, booking: Booking, payment: str, method: str, change: Change) -> Payment:
        row = await self._transaction.fetch_one(
            _ADD,
            payment=payment,
            user=booking.user,
            booking=booking.booking,
            minor=booking.minor,
            currency=booking.currency,
            method=method,
            **change_values(change),
        )
        return _required(row)

    async def last_of(self, booking: Booking) -> Payment | None:
        row = await self._transaction.fetch_one(_LAST, user=booking.user, booking=booking.booking)
        return None if row is None else payment_of(row)

    async def find(self, payment: str) -> Payment | None:
        row = await self._transaction.fetch_one(_FIND, payment=payment)
        return None if row is None else payment_of(row)

    async def lock(self, payment: str) -> Payment:
        return _required(await self._transaction.fetch_one(_LOCK, payment=payment))

    async def save(self, payment: Payment, change: Change, *, at_once: bool = False) -> Payment:
        row = await self._transaction.fetch_one(
            _SAVE,
            payment=payment.payment,
            charge=payment.charge.value,
            goal=payment.goal.value,
            reference=payment.reference,
            waits=payment.next_step is Step.NONE,
            leased=not at_once,
            **change_values(change),
        )
        return _required(row)


_LAST_OF_EACH = text_statement(f"""
    SELECT DISTINCT ON (booking_id) {COLUMNS} FROM payments WHERE user_id = %(user)s AND booking_id = ANY (%(bookings)s)
    ORDER BY booking_id, create_time DESC
""")  # noqa: S608


class PostgresPaymentReader:
    """Reads of payments, outside any transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def payment(self, payment: str) -> Payment | None:
        row = await self._database.fetch_one(_FIND, payment=payment)
        return None if row is None else payment_of(row)

    async def last_of_each(self, user: str, bookings: Sequence[str]) -> dict[str, Payment]:
        """By their bookings, which are the user's."""
        rows = await self._database.fetch_all(_LAST_OF_EACH, user=user, bookings=list(bookings))
        return {payment.booking: payment for payment in map(payment_of, rows)}


class PostgresDuePayments:
    """The port DuePayments; any number of processes may take from it. `pause` is in seconds, the first between two tries."""

    def __init__(self, database: Database, pause: int = 15) -> None:
        self._database, self._pause = database, pause

    async def take(self, limit: int) -> list[Payment]:
        return [payment_of(row) for row in await self._database.fetch_all(_TAKE_DUE, limit=limit, pause=self._pause)]


def payment_of(row: Row) -> Payment:
    """Of `COLUMNS`."""
    payment, user, booking, minor, currency, method, charge, goal, reference, create_time, update_time = row
    return Payment(
        payment=payment,
        user=user,
        booking=booking,
        minor=minor,
        currency=currency,
        method=method,
        charge=Charge(charge),
        goal=Goal(goal),
        reference=reference,
        create_time=create_time,
        update_time=update_time,
    )


def _required(row: Row | None) -> Payment:
    if row is None:
        raise RuntimeError("a payment is gone")
    return payment_of(row)
