"""Reads of showtimes, seats and bookings: one statement each, no transaction."""

from collections.abc import Sequence

from booking_service.application.ports import Position, Programme, SeatsTaken
from booking_service.domain.bookings import Booking
from booking_service.domain.showtimes import Showtime, ShowtimeState
from booking_service.domain.venues import Layout
from booking_service.infrastructure.postgres.rows import (
    BOOKING_COLUMNS,
    LAYOUT_COLUMNS,
    SHOWTIME_COLUMNS,
    booking_of,
    layout_from,
    prefixed,
    showtime_of,
)
from booking_service.infrastructure.postgres.showtimes import SHOWTIME_WIDTH, WITH_LAYOUT
from mesh.postgres.database import Database
from mesh.postgres.statements import Statement, text_statement

_SHOWTIME = text_statement(WITH_LAYOUT)


def _programme(condition: str) -> Statement:
    """In the order of an index, whose first column the condition fixes."""
    return text_statement(f"""
        SELECT {SHOWTIME_COLUMNS} FROM showtimes
        WHERE {condition} AND start_time >= %(start_from)s AND start_time < %(start_before)s
            AND (start_time, showtime_id) > (%(time)s, %(id)s)
        ORDER BY start_time, showtime_id LIMIT %(limit)s
    """)  # noqa: S608  # constants of ours


_OF_MOVIE, _OF_VENUE = _programme("movie_id = %(movie)s"), _programme("venue_id = %(venue)s")
_OF_BOTH = _programme("movie_id = %(movie)s AND venue_id = %(venue)s")
# The claims and the version of one moment: they change together.
_SEATS = text_statement(f"""
    SELECT {prefixed("l", LAYOUT_COLUMNS)}, s.map_version, s.state,
        ARRAY(SELECT seat FROM seat_claims WHERE showtime_id = %(showtime)s AND until < 'infinity'),
        ARRAY(SELECT seat FROM seat_claims WHERE showtime_id = %(showtime)s AND until = 'infinity')
    FROM showtimes AS s JOIN layouts AS l USING (layout_id) WHERE showtime_id = %(showtime)s
""")  # noqa: S608  # constants of ours
_BOOKING = text_statement(f"SELECT {BOOKING_COLUMNS} FROM bookings WHERE user_id = %(user)s AND booking_id = %(booking)s")  # noqa: S608  # constants of ours
_BOOKINGS, _BOOKINGS_AFTER = (
    text_statement(f"""
        SELECT {BOOKING_COLUMNS} FROM bookings WHERE user_id = %(user)s {condition}
        ORDER BY create_time DESC, booking_id DESC LIMIT %(limit)s
    """)  # noqa: S608  # constants of ours
    for condition in ("", "AND (create_time, booking_id) < (%(time)s, %(id)s)")
)
_TAKEN_OF = text_statement("""
    SELECT seat FROM seat_claims WHERE showtime_id = %(showtime)s AND seat = ANY (%(seats)s) AND until > clock_timestamp() ORDER BY seat
""")


class PostgresShowtimeReader:
    """The port ShowtimeReader."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def showtime(self, showtime: str) -> tuple[Showtime, Layout] | None:
        row = await self._database.fetch_one(_SHOWTIME, showtime=showtime)
        return None if row is None else (showtime_of(row), layout_from(row[SHOWTIME_WIDTH:]))

    async def page(self, programme: Programme, limit: int, after: Position | None) -> list[Showtime]:
        statement = _OF_BOTH if programme.movie and programme.venue else _OF_MOVIE if programme.movie else _OF_VENUE
        time, showtime = after or (programme.start_from, "")
        rows = await self._database.fetch_all(
            statement,
            movie=programme.movie,
            venue=programme.venue,
            start_from=programme.start_from,
            start_before=programme.start_before,
            time=time,
            id=showtime,
            limit=limit,
        )
        return list(map(showtime_of, rows))

    async def seats(self, showtime: str) -> SeatsTaken | None:
        row = await self._database.fetch_one(_SEATS, showtime=showtime)
        if row is None:
            return None
        version, state, held, sold = row[3:]
        return SeatsTaken(layout_from(row[:3]), version, ShowtimeState(state) is ShowtimeState.SCHEDULED, frozenset(held), frozenset(sold))


class PostgresBookingReader:
    """The port BookingReader."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def booking(self, user: str, booking: str) -> Booking | None:
        row = await self._database.fetch_one(_BOOKING, user=user, booking=booking)
        return None if row is None else booking_of(row)

    async def page(self, user: str, limit: int, after: Position | None) -> list[Booking]:
        if after is None:
            rows = await self._database.fetch_all(_BOOKINGS, user=user, limit=limit)
        else:
            rows = await self._database.fetch_all(_BOOKINGS_AFTER, user=user, limit=limit, time=after[0], id=after[1])
        return list(map(booking_of, rows))

    async def taken_of(self, showtime: str, seats: Sequence[str]) -> list[str]:
        return [row[0] for row in await self._database.fetch_all(_TAKEN_OF, showtime=showtime, seats=list(seats))]
