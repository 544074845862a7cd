"""Many who want the same seats at the same moment; each race with its guard switched off, to see that it guards (R1, R3, R4, R6)."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import grpc
import pytest

from booking_service.domain.bookings import tickets_for
from booking_service.infrastructure.grpc import booking_servicer
from booking_service.infrastructure.postgres import bookings as stored
from mesh.postgres import idempotency
from mesh.postgres.statements import Statement, text_statement
from reelmesh.booking.v1.booking_pb2 import Booking as Held
from reelmesh.booking.v1.booking_service_pb2 import ExtendHoldResponse
from tests.component.booking.calling import SHOWTIME, Booking, seats
from tests.component.booking.conftest import Start
from tests.services import Answer, token

FULL = [pytest.mark.slow, pytest.mark.timeout(300)]
SEATS = [f"{row}{number}" for row in "ABCDEFGHIJ" for number in range(1, 21)]
# Two bookings that had one seat at the same time. A hold ends when it was given up or ran out.
_OVERLAPS = text_statement("""
    WITH owned AS (
        SELECT unnest(seats) AS seat, user_id, booking_id, create_time AS begun,
            CASE WHEN state = 7 THEN least(update_time, hold_until) ELSE hold_until END AS ended
        FROM bookings
    )
    SELECT a.seat, a.booking_id, b.booking_id FROM owned AS a JOIN owned AS b
        ON a.seat = b.seat AND (a.user_id, a.booking_id) < (b.user_id, b.booking_id) AND a.begun < b.ended AND b.begun < a.ended
""")
_CLAIMED = text_statement("SELECT count(*), count(DISTINCT (user_id, booking_id)) FROM seat_claims WHERE until > clock_timestamp()")


def unguarded() -> Statement:
    """Claims whatever somebody else has; slowly, so that others get there meanwhile."""
    return changed("WHERE c.until <= clock_timestamp()", "WHERE true")


def changed(what: str, into: str) -> Statement:
    sql = stored._HOLD.sql.decode()
    assert what in sql
    return text_statement(sql.replace(what, into))


async def outcomes(calls: Iterable[Awaitable[Held]], clients: int) -> tuple[list[Held], Counter[str]]:
    """What was held, and why the others were refused. So many clients call at once."""
    waiting, held, refused = asyncio.Semaphore(clients), [], Counter[str]()

    async def one(call: Awaitable[Held]) -> None:
        async with waiting:
            try:
                held.append(await call)
            except grpc.aio.AioRpcError as error:
                refused[Answer(error).reason or error.code().name] += 1

    await asyncio.gather(*map(one, calls))
    return held, refused


def seats_of(held: Iterable[Held]) -> list[str]:
    return [ticket.seat for booking in held for ticket in booking.tickets]


@pytest.mark.parametrize(("attempts", "clients", "seats"), [(600, 60, 40), pytest.param(10_000, 500, 200, marks=FULL)])
async def test_every_seat_is_held_once_and_every_loser_is_told(start: Start, attempts: int, clients: int, seats: int) -> None:
    """R1."""
    async with start(live_holds=1_000) as booking:
        await booking.programme()
        wanted = [random.choice(SEATS[:seats]) for _ in range(attempts - seats)] + SEATS[:seats]
        random.shuffle(wanted)
        calls = (booking.hold(seat, user=f"users/u{number % clients}") for number, seat in enumerate(wanted))
        held, refused = await outcomes(calls, clients)
        assert sorted(seats_of(held)) == sorted(SEATS[:seats])
        assert refused == {"SEATS_TAKEN": attempts - seats}
        assert await booking.database.fetch_one(_CLAIMED) == (seats, seats)
        assert (await booking.GetSeatMap(name=f"{SHOWTIME}/seatMap")).seat_map.version == seats


async def test_without_the_guard_a_seat_is_held_twice(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of R1."""
    monkeypatch.setattr(stored, "_HOLD", unguarded())
    monkeypatch.setattr(booking_servicer, "SeatsTaken", AssertionError)  # the look beforehand would find most of them
    async with start(live_holds=1_000) as booking:
        await booking.programme()
        held, _ = await outcomes((booking.hold("A1", user=f"users/u{number}", request_id="r") for number in range(50)), 50)
        assert len(held) > 1


@pytest.mark.parametrize(("buyers", "seats"), [(150, 40), pytest.param(2_000, 200, marks=FULL)])
async def test_four_seats_are_held_together_or_not_at_all(start: Start, monkeypatch: pytest.MonkeyPatch, buyers: int, seats: int) -> None:
    """R3. Nothing is tried again: a deadlock would show as LOST_RACE. 500 call at once: when more than a thousand wait for a process, gRPC
    cancels some of them unseen."""
    monkeypatch.setattr(idempotency, "_ATTEMPTS", 1)
    async with start() as booking:
        await booking.programme()
        held, refused = await outcomes(quartets(booking, buyers, SEATS[:seats]), 500)
        assert set(refused) == {"SEATS_TAKEN"}
        assert len(held) + refused.total() == buyers
        assert {len(each.tickets) for each in held} == {4}
        counted = Counter(seats_of(held))
        assert set(counted.values()) == {1}
        assert await booking.database.fetch_one(_CLAIMED) == (len(counted), len(held))


async def test_in_no_common_order_they_deadlock(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of R3: the seats are claimed in the order in which they were asked for, and slowly."""
    monkeypatch.setattr(idempotency, "_ATTEMPTS", 1)
    monkeypatch.setattr(
        booking_servicer,
        "tickets_for",
        lambda *given: tuple(sorted(tickets_for(*given), key=lambda each: random.random())),
    )
    monkeypatch.setattr(stored, "_HOLD", changed("SELECT %(showtime)s, seat,", "SELECT %(showtime)s, seat || pg_sleep(0.05)::text,"))
    async with start() as booking:
        await booking.programme()
        _, refused = await outcomes(quartets(booking, 12, SEATS[:4]), 12)
        assert refused["LOST_RACE"] > 0


def quartets(booking: Booking, buyers: int, seats: list[str]) -> Iterable[Awaitable[Held]]:
    """Half of them from the back of the hall. With a request id, so that nobody is turned away before the claims."""
    for number in range(buyers):
        wanted = sorted(random.sample(seats, 4), reverse=bool(number % 2))
        yield booking.hold(*wanted, user=f"users/u{number}", request_id="r")


@pytest.mark.parametrize("count", [60, pytest.param(1_000, marks=FULL)])
async def test_when_a_hold_runs_out_its_seat_has_one_owner(start: Start, count: int) -> None:
    """R4, with extensions in place of confirmations: each hold runs out while its user extends it and another one wants the seat."""
    lifetime = 2.0 if count < 200 else 20.0
    async with start(lifetime=lifetime, live_holds=1_000) as booking:
        await booking.programme(seats=seats_for(count))
        wanted = [each.seat for each in seats_for(count)]
        first, refused = await outcomes((booking.hold(seat, user=f"users/u{number}") for number, seat in enumerate(wanted)), 100)
        assert not refused

        async def later(call: Callable[[], Awaitable[Held]], held: Held) -> Held:
            due = held.hold_expire_time.ToNanoseconds() / 1e9 + random.uniform(-0.05, 0.05)
            now = await booking.database.fetch_one(text_statement("SELECT extract(epoch FROM clock_timestamp())::float8"))
            await asyncio.sleep(max(0.0, due - now[0]))
            return await call()

        def extend(held: Held) -> Callable[[], Awaitable[Held]]:
            async def extended() -> Held:
                answer: ExtendHoldResponse = await booking.ExtendHold(name=held.name, caller=token(held.name.rsplit("/", 2)[0]))
                return answer.booking

            return extended

        def take(held: Held) -> Callable[[], Awaitable[Held]]:
            return lambda: booking.hold(held.tickets[0].seat, user="users/other")

        rivals = [later(make(held), held) for held in first for make in (extend, take)]
        won, refused = await outcomes(rivals, len(rivals))
        assert set(refused) <= {"SEATS_TAKEN", "BOOKING_NOT_HELD"}
        counted = Counter(seats_of(won))
        assert max(counted.values()) == 1, "somebody extended a hold whose seat another one got"
        assert await booking.database.fetch_all(_OVERLAPS) == []


def seats_for(count: int) -> list[Any]:
    return seats(rows="".join(chr(65 + index) for index in range(-(-count // 50))), numbers=50)[:count]


@pytest.mark.parametrize(("ids", "replays"), [(20, 10), pytest.param(1_000, 20, marks=FULL)])
async def test_a_request_that_is_sent_many_times_at_once_holds_once(start: Start, ids: int, replays: int) -> None:
    """R6, for holds; also after a restart."""
    async with start(live_holds=1) as booking:
        await booking.programme(seats=seats_for(ids))
        wanted = [each.seat for each in seats_for(ids)]

        def calls() -> list[Awaitable[Held]]:
            made = [
                booking.hold(seat, user=f"users/u{number}", request_id=f"r{number}")
                for number, seat in enumerate(wanted)
                for _ in range(replays)
            ]
            random.shuffle(made)
            return made

        held, refused = await outcomes(calls(), 200)
        assert not refused
        assert len({each.SerializeToString() for each in held}) == ids
        assert (await booking.GetSeatMap(name=f"{SHOWTIME}/seatMap")).seat_map.version == ids
    async with start(live_holds=1) as booking:
        again = await booking.hold(wanted[0], user="users/u0", request_id="r0")
        assert again in held
        other = await outcomes([booking.hold(wanted[1], user="users/u0", request_id="r0")], 1)
        assert other[1] == {"REQUEST_ID_REUSED": 1}
