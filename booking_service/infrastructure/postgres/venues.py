"""Venues and halls in their tables."""

from booking_service.domain.errors import (
    HallAlreadyExists,
    HallHasShowtimes,
    HallNotFound,
    VenueAlreadyExists,
    VenueHasHalls,
    VenueNotFound,
)
from booking_service.domain.venues import Hall, Venue
from booking_service.infrastructure.postgres.rows import (
    HALL_COLUMNS,
    LAYOUT_COLUMNS,
    VENUE_COLUMNS,
    hall_of,
    layout_values,
    prefixed,
    venue_of,
)
from mesh.postgres.database import Database
from mesh.postgres.faults import constraint_errors
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction

_HALL = f"SELECT {prefixed('h', HALL_COLUMNS)}, {prefixed('l', LAYOUT_COLUMNS)} FROM halls AS h JOIN layouts AS l USING (layout_id)"  # noqa: S608  # constants of ours

_VENUE = text_statement(f"SELECT {VENUE_COLUMNS} FROM venues WHERE venue_id = %(venue)s")  # noqa: S608  # constants of ours
_VENUES = text_statement(f"SELECT {VENUE_COLUMNS} FROM venues WHERE venue_id > %(after)s ORDER BY venue_id LIMIT %(limit)s")  # noqa: S608  # constants of ours
_LOCK_VENUE = text_statement(f"SELECT {VENUE_COLUMNS} FROM venues WHERE venue_id = %(venue)s FOR UPDATE")  # noqa: S608  # constants of ours
_ADD_VENUE = text_statement(f"""
    INSERT INTO venues ({VENUE_COLUMNS}) VALUES (
        %(venue)s, %(title)s, %(address)s, %(region_code)s, %(time_zone)s, %(create_time)s, %(update_time)s, %(revision)s
    ) ON CONFLICT DO NOTHING
""")  # noqa: S608  # constants of ours
_SAVE_VENUE = text_statement("""
    UPDATE venues SET title = %(title)s, street_address = %(address)s, region_code = %(region_code)s, time_zone = %(time_zone)s,
        update_time = %(update_time)s, revision = %(revision)s
    WHERE venue_id = %(venue)s
""")
_REMOVE_VENUE = text_statement("DELETE FROM venues WHERE venue_id = %(venue)s")
_FIND_HALL = text_statement(f"{_HALL} WHERE venue_id = %(venue)s AND hall_id = %(hall)s")
_HALLS = text_statement(f"{_HALL} WHERE venue_id = %(venue)s AND hall_id > %(after)s ORDER BY hall_id LIMIT %(limit)s")
_LOCK_HALL = text_statement(f"{_HALL} WHERE venue_id = %(venue)s AND hall_id = %(hall)s FOR UPDATE OF h")
_ADD_LAYOUT = text_statement("""
    INSERT INTO layouts (layout_id, seats, leave_no_single_seat) VALUES (%(layout)s, %(seats)s, %(leave_no_single_seat)s)
    ON CONFLICT DO NOTHING
""")
_ADD_HALL = text_statement("""
    INSERT INTO halls (venue_id, hall_id, title, layout_id, create_time, update_time, revision)
    VALUES (%(venue)s, %(hall)s, %(title)s, %(layout)s, %(create_time)s, %(update_time)s, %(revision)s) ON CONFLICT DO NOTHING
""")
_SAVE_HALL = text_statement("""
    UPDATE halls SET title = %(title)s, layout_id = %(layout)s, update_time = %(update_time)s, revision = %(revision)s
    WHERE venue_id = %(venue)s AND hall_id = %(hall)s
""")
_REMOVE_HALL = text_statement("DELETE FROM halls WHERE venue_id = %(venue)s AND hall_id = %(hall)s")


class PostgresVenues:
    """The port Venues."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add_venue(self, venue: Venue) -> None:
        if not await self._transaction.execute(_ADD_VENUE, **_venue_values(venue)):
            raise VenueAlreadyExists(venue.venue)

    async def lock_venue(self, venue: str) -> Venue:
        row = await self._transaction.fetch_one(_LOCK_VENUE, venue=venue)
        if row is None:
            raise VenueNotFound(venue)
        return venue_of(row)

    async def save_venue(self, venue: Venue) -> None:
        await self._transaction.execute(_SAVE_VENUE, **_venue_values(venue))

    async def remove_venue(self, venue: str) -> None:
        with constraint_errors({"halls_of_venues": lambda: VenueHasHalls(venue)}):
            await self._transaction.execute(_REMOVE_VENUE, venue=venue)

    async def add_hall(self, hall: Hall) -> None:
        await self._transaction.execute(_ADD_LAYOUT, **layout_values(hall.layout))
        with constraint_errors({"halls_of_venues": lambda: VenueNotFound(hall.venue)}):
            if not await self._transaction.execute(_ADD_HALL, **_hall_values(hall)):
                raise HallAlreadyExists(hall.venue, hall.hall)

    async def lock_hall(self, venue: str, hall: str) -> Hall:
        row = await self._transaction.fetch_one(_LOCK_HALL, venue=venue, hall=hall)
        if row is None:
            raise HallNotFound(venue, hall)
        return hall_of(row)

    async def save_hall(self, hall: Hall) -> None:
        await self._transaction.execute(_ADD_LAYOUT, **layout_values(hall.layout))
        await self._transaction.execute(_SAVE_HALL, **_hall_values(hall))

    async def remove_hall(self, venue: str, hall: str) -> None:
        with constraint_errors({"showtimes_of_halls": lambda: HallHasShowtimes(venue, hall)}):
            await self._transaction.execute(_REMOVE_HALL, venue=venue, hall=hall)


class PostgresVenueReader:
    """The port VenueReader."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def venue(self, venue: str) -> Venue | None:
        row = await self._database.fetch_one(_VENUE, venue=venue)
        return None if row is None else venue_of(row)

    async def venues(self, limit: int, after: str) -> list[Venue]:
        return list(map(venue_of, await self._database.fetch_all(_VENUES, limit=limit, after=after)))

    async def hall(self, venue: str, hall: str) -> Hall | None:
        row = await self._database.fetch_one(_FIND_HALL, venue=venue, hall=hall)
        return None if row is None else hall_of(row)

    async def halls(self, venue: str, limit: int, after: str) -> list[Hall]:
        return list(map(hall_of, await self._database.fetch_all(_HALLS, venue=venue, limit=limit, after=after)))


def _venue_values(venue: Venue) -> dict[str, object]:
    return {
        "venue": venue.venue,
        "title": venue.title,
        "address": venue.address,
        "region_code": venue.region_code,
        "time_zone": venue.time_zone,
        "create_time": venue.create_time,
        "update_time": venue.update_time,
        "revision": venue.revision,
    }


def _hall_values(hall: Hall) -> dict[str, object]:
    return {
        "venue": hall.venue,
        "hall": hall.hall,
        "title": hall.title,
        "layout": hall.layout.layout,
        "create_time": hall.create_time,
        "update_time": hall.update_time,
        "revision": hall.revision,
    }
