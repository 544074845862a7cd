"""Showtimes in their table."""

from booking_service.domain.bookings import Change
from booking_service.domain.errors import (
    HallOccupied,
    ShowtimeAlreadyExists,
    ShowtimeBegun,
    ShowtimeCanceled,
    ShowtimeChanged,
    ShowtimeInUse,
    ShowtimeNotFound,
)
from booking_service.domain.showtimes import Showtime, ShowtimeState
from booking_service.domain.venues import Layout
from booking_service.infrastructure.postgres.rows import (
    LAYOUT_COLUMNS,
    SHOWTIME_COLUMNS,
    change_values,
    layout_from,
    prefixed,
    showtime_of,
    showtime_values,
)
from mesh.postgres.faults import constraint_errors
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction

WITH_LAYOUT = f"""
    SELECT {prefixed("s", SHOWTIME_COLUMNS)}, {prefixed("l", LAYOUT_COLUMNS)}
    FROM showtimes AS s JOIN layouts AS l USING (layout_id) WHERE showtime_id = %(showtime)s
"""  # noqa: S608  # constants of ours
SHOWTIME_WIDTH = len(SHOWTIME_COLUMNS.split(", "))
_OVERLAP = "showtimes_of_a_hall_do_not_overlap"

_LOCK = text_statement(f"{WITH_LAYOUT} FOR UPDATE OF s")
_ADD = text_statement(f"""
    INSERT INTO showtimes ({SHOWTIME_COLUMNS}, actor, address, trace_id) VALUES (
        %(showtime)s, %(movie)s, %(venue)s, %(hall)s, %(layout)s, %(seat_count)s, %(start_time)s, %(end_time)s, %(language_code)s,
        %(format)s, %(currency)s, %(prices)s, %(state)s, 0, %(create_time)s, %(update_time)s, %(revision)s,
        %(actor)s, %(address)s, %(trace_id)s
    ) ON CONFLICT (showtime_id) DO NOTHING
""")  # noqa: S608  # constants of ours
_SAVE = text_statement("""
    UPDATE showtimes SET movie_id = %(movie)s, start_time = %(start_time)s, end_time = %(end_time)s, language_code = %(language_code)s,
        format = %(format)s, currency = %(currency)s, prices = %(prices)s, state = %(state)s, update_time = %(update_time)s,
        revision = %(revision)s, actor = %(actor)s, address = %(address)s, trace_id = %(trace_id)s
    WHERE showtime_id = %(showtime)s
""")
_IN_USE = text_statement("SELECT EXISTS (SELECT FROM seat_claims WHERE showtime_id = %(showtime)s AND until > clock_timestamp())")
# So that the trigger knows who it was.
_SIGN = text_statement("""
    UPDATE showtimes SET actor = %(actor)s, address = %(address)s, trace_id = %(trace_id)s WHERE showtime_id = %(showtime)s
""")
_REMOVE = text_statement("DELETE FROM showtimes WHERE showtime_id = %(showtime)s")
_NEXT = text_statement("""
    UPDATE showtimes SET map_version = map_version + 1 WHERE showtime_id = %(showtime)s RETURNING map_version
""")
_NEXT_ON_SALE = text_statement("""
    UPDATE showtimes SET map_version = map_version + 1
    WHERE showtime_id = %(showtime)s AND state = 1 AND start_time > clock_timestamp() AND revision = %(revision)s
    RETURNING map_version
""")
_WHY_NOT = text_statement("SELECT state, start_time <= clock_timestamp() FROM showtimes WHERE showtime_id = %(showtime)s")


class PostgresShowtimes:
    """The port Showtimes."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, showtime: Showtime, change: Change) -> None:
        with constraint_errors({_OVERLAP: lambda: HallOccupied(showtime.venue, showtime.hall)}):
            if not await self._transaction.execute(_ADD, **showtime_values(showtime, change)):
                raise ShowtimeAlreadyExists(showtime.showtime)

    async def lock(self, showtime: str) -> tuple[Showtime, Layout]:
        row = await self._transaction.fetch_one(_LOCK, showtime=showtime)
        if row is None:
            raise ShowtimeNotFound(showtime)
        return showtime_of(row), layout_from(row[SHOWTIME_WIDTH:])

    async def is_in_use(self, showtime: str) -> bool:
        row = await self._transaction.fetch_one(_IN_USE, showtime=showtime)
        return row is not None and bool(row[0])

    async def save(self, showtime: Showtime, change: Change) -> None:
        with constraint_errors({_OVERLAP: lambda: HallOccupied(showtime.venue, showtime.hall)}):
            await self._transaction.execute(_SAVE, **showtime_values(showtime, change))

    async def remove(self, showtime: Showtime, change: Change) -> None:
        await self._transaction.execute(_SIGN, showtime=showtime.showtime, **change_values(change))
        with constraint_errors({"bookings_of_showtimes": lambda: ShowtimeInUse(showtime.showtime)}):
            await self._transaction.execute(_REMOVE, showtime=showtime.showtime)

    async def next_version(self, showtime: str) -> int:
        row = await self._transaction.fetch_one(_NEXT, showtime=showtime)
        if row is None:
            raise ShowtimeNotFound(showtime)
        return int(row[0])

    async def next_version_on_sale(self, showtime: Showtime) -> int:
        row = await self._transaction.fetch_one(_NEXT_ON_SALE, showtime=showtime.showtime, revision=showtime.revision)
        if row is not None:
            return int(row[0])
        why = await self._transaction.fetch_one(_WHY_NOT, showtime=showtime.showtime)
        if why is None:
            raise ShowtimeNotFound(showtime.showtime)
        state, begun = why
        if ShowtimeState(state) is ShowtimeState.CANCELED:
            raise ShowtimeCanceled(showtime.showtime)
        if begun:
            raise ShowtimeBegun(showtime.showtime)
        raise ShowtimeChanged(showtime.showtime)
