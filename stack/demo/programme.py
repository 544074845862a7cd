"""What the demo cinemas show in the coming fortnight, alike on every machine for the same day, and how it gets into a running platform."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

import grpc
from google.protobuf.message import Message

from reelmesh.booking.v1 import showtime_service_pb2 as showtimes
from reelmesh.booking.v1 import venue_service_pb2 as venues
from reelmesh.booking.v1.showtime_pb2 import Showtime
from stack.demo.catalogue import Film, load
from stack.demo.cinemas import CINEMAS, Cinema, Room
from stack.errors import StackError
from stack.importer.streams import Platform

DAYS: Final = 14
_OPENING: Final = time(15)
_LAST: Final = time(22, 30)
_BETWEEN: Final = timedelta(minutes=25)  # advertisements, and a broom
_GRID: Final = timedelta(minutes=5)
_AT_ONCE: Final = 8
_PAGE: Final = 1_000
# It is there already; or somebody has deleted the film or the hall, shows something else there, has given the hall other zones: theirs is
# the platform.
_LEFT_ALONE: Final = (
    *(grpc.StatusCode.ALREADY_EXISTS, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.INVALID_ARGUMENT),
)


@dataclass(frozen=True, slots=True)
class Showing:
    showtime: str
    cinema: Cinema
    room: Room
    film: Film
    start: datetime
    end: datetime

    @property
    def message(self) -> Showtime:
        shown = Showtime(
            movie=f"movies/{self.film.id}",
            hall=f"venues/{self.cinema.venue}/halls/{self.room.hall}",
            language_code=self.cinema.language,
            prices=self.cinema.prices(self.room),
        )
        shown.start_time.FromDatetime(self.start)
        shown.end_time.FromDatetime(self.end)
        return shown


def showings(films: Sequence[Film], first: date, days: int = DAYS) -> Iterator[Showing]:
    """From the day `first` on, by the calendar of each cinema. A day's programme does not depend on when it is asked for."""
    for cinema in CINEMAS:
        for room in cinema.rooms:
            for number in range(days):
                yield from _of_a_day(films, cinema, room, first + timedelta(days=number))


def _of_a_day(films: Sequence[Film], cinema: Cinema, room: Room, day: date) -> Iterator[Showing]:
    chance = Random(f"{cinema.venue}/{room.hall}/{day.isoformat()}")  # noqa: S311 — a programme, no secret
    zone = ZoneInfo(cinema.message.time_zone)
    local, last = datetime.combine(day, _OPENING), datetime.combine(day, _LAST)
    while local <= last:
        film = chance.choice(films)
        end = local + timedelta(minutes=film.runtime_minutes)
        name = f"{cinema.venue}-{room.hall}-{local:%Y%m%d-%H%M}"
        yield Showing(name, cinema, room, film, local.replace(tzinfo=zone), end.replace(tzinfo=zone))
        local = end + _BETWEEN
        local += -(local - datetime.min) % _GRID


async def load_programme(edge_grpc_address: str, token: str, now: datetime, progress: Callable[[str, int, int], None]) -> None:
    """Venues, halls and showtimes that are not there yet; what somebody has changed stays as it is. `now` has a time zone."""
    async with Platform(edge_grpc_address, lambda: token, patience=30.0) as platform:
        await _put_on(platform, now, progress)


async def _put_on(platform: Platform, now: datetime, progress: Callable[[str, int, int], None]) -> None:
    there = {name for cinema in CINEMAS for name in await _programme_of(platform, cinema)}
    wanted = [each for each in showings(load(), now.date()) if each.start > now and f"showtimes/{each.showtime}" not in there]
    if not wanted:
        return
    for cinema in CINEMAS:
        asked = venues.CreateVenueRequest(venue=cinema.message, venue_id=cinema.venue, request_id=cinema.venue)
        await _make(platform, platform.venues.CreateVenue, asked, venues.CreateVenueResponse)
        for room in cinema.rooms:
            parent, again = f"venues/{cinema.venue}", f"{cinema.venue}-{room.hall}"
            hall = venues.CreateHallRequest(parent=parent, hall=room.message, hall_id=room.hall, request_id=again)
            await _make(platform, platform.venues.CreateHall, hall, venues.CreateHallResponse)
    done, turn = 0, asyncio.Semaphore(_AT_ONCE)

    async def show(each: Showing) -> None:
        nonlocal done
        async with turn:
            asked = showtimes.CreateShowtimeRequest(showtime=each.message, showtime_id=each.showtime, request_id=each.showtime)
            await _make(platform, platform.showtimes.CreateShowtime, asked, showtimes.CreateShowtimeResponse)
        done += 1
        progress("showtimes", done, len(wanted))

    progress("showtimes", 0, len(wanted))
    try:
        async with asyncio.TaskGroup() as group:
            for each in wanted:
                group.create_task(show(each))
    except* StackError as refused:
        raise refused.exceptions[0] from None


async def _programme_of(platform: Platform, cinema: Cinema) -> list[str]:
    asked = showtimes.ListShowtimesRequest(venue=f"venues/{cinema.venue}", page_size=_PAGE)
    asked.start_before.FromDatetime(datetime.max)
    found = await platform.ask(platform.showtimes.ListShowtimes, asked, showtimes.ListShowtimesResponse)
    return [each.name for each in found.showtimes]


async def _make(platform: Platform, method: Callable[..., Awaitable[Any]], request: Message, answer: type[Message]) -> None:
    """The request has an id of its own: sent again when the platform was away, it is made once."""

    async def made(request: Message, **how: Any) -> Any:
        try:
            return await method(request, **how)
        except grpc.aio.AioRpcError as error:
            if error.code() in _LEFT_ALONE:
                return answer()
            raise

    await platform.ask(made, request, answer)
