"""The demo cinemas show something that can be shown: halls of different shapes, every zone priced, no two films in a hall at once."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from reelmesh.booking.v1.venue_pb2 import Seat
from stack.demo.catalogue import load
from stack.demo.cinemas import CINEMAS
from stack.demo.programme import DAYS, Showing, showings

DAY = date(2026, 3, 20)  # clocks change in Europe in the fortnight that follows


def test_there_are_three_venues_with_eight_halls_of_different_shapes() -> None:
    rooms = [room for cinema in CINEMAS for room in cinema.rooms]
    assert (len(CINEMAS), len(rooms), len({tuple(room.rows) for room in rooms})) == (3, 8, 8)
    for room in rooms:
        seats = room.message.seats
        assert len({seat.seat for seat in seats}) == len({(seat.x, seat.y) for seat in seats}) == len(seats) == sum(room.rows)
        kinds = Counter(seat.kind for seat in seats)
        assert kinds[Seat.KIND_WHEELCHAIR] == kinds[Seat.KIND_COMPANION] == 2
    assert any(room.leave_no_single_seat for room in rooms)


def test_every_zone_has_a_price_and_no_other() -> None:
    for cinema in CINEMAS:
        for room in cinema.rooms:
            assert {price.zone for price in cinema.prices(room)} == {seat.zone for seat in room.message.seats}


def test_no_two_films_are_in_a_hall_at_once_and_every_day_has_some() -> None:
    programme = list(showings(load(), DAY))
    halls: dict[str, list[Showing]] = defaultdict(list)
    for each in programme:
        halls[each.message.hall].append(each)
    assert len(halls) == 8
    for shown in halls.values():
        assert all(before.end < after.start for before, after in pairwise(shown))
        assert len({each.start.date() for each in shown}) == DAYS
        assert all(timedelta() < each.end - each.start < timedelta(days=1) for each in shown)
    assert len({each.showtime for each in programme}) == len(programme)


def test_a_day_has_the_same_programme_whenever_it_is_asked_for() -> None:
    films = load()
    later = [each.message for each in showings(films, DAY + timedelta(days=1), days=1)]
    assert later
    asked_before = {each.showtime: each.message for each in showings(films, DAY, days=2)}
    assert [asked_before[each.showtime] for each in showings(films, DAY + timedelta(days=1), days=1)] == later


def test_a_film_begins_in_the_afternoon_by_the_clock_of_its_cinema() -> None:
    first = next(iter(showings(load(), date(2026, 7, 1), days=1)))
    assert first.message.start_time.ToDatetime(UTC) == datetime(2026, 7, 1, 13, tzinfo=UTC)
