"""A cinema that a test may do anything to: a venue with two halls, showtimes, a seat that alice holds and one that she has paid for."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.e2e.conftest import Headers

_TYPES = ("ADULT", "CHILD", "STUDENT", "SENIOR")
SEATS = tuple(f"{row}{number}" for row in "ABC" for number in range(1, 6))


def opened(http: httpx.Client, admin: Headers, venue: str, movie: str) -> None:
    """Halls `one`, with showtimes named as the venue and with `-none` behind it, and `empty`; a venue of no halls, `-none` again."""
    seats = [{"seat": seat, "zone": "stalls", "x": index, "y": index} for index, seat in enumerate(SEATS)]
    place = {"title": "Odeon", "regionCode": "FR", "timeZone": "Europe/Paris"}
    made = [http.post("/v1/venues", params={"venueId": each}, json=place, headers=admin) for each in (venue, f"{venue}-none")]
    for hall in ("one", "empty"):
        room = {"title": hall.title(), "seats": seats}
        made.append(http.post(f"/v1/venues/{venue}/halls", params={"hallId": hall}, json=room, headers=admin))
    for showtime, days in ((venue, 1), (f"{venue}-none", 2)):
        shown = showing(venue, movie, days)
        made.append(http.post("/v1/showtimes", params={"showtimeId": showtime}, json=shown, headers=admin))
    for booking, seat in ((venue, "A1"), (f"{venue}-paid", "A2")):
        choice = {"seat": seat, "ticketType": "TICKET_TYPE_ADULT"}
        hold = {"showtime": f"showtimes/{venue}", "seats": [choice], "bookingId": booking}
        made.append(http.post("/v1/users/alice/bookings:hold", json=hold, headers=admin))
    made.append(http.post(f"/v1/users/alice/bookings/{venue}-paid:confirm", json={"paymentMethod": "pm_ok"}, headers=admin))
    assert [answer.status_code for answer in made] == [200] * len(made), [answer.text for answer in made]


def showing(venue: str, movie: str, days: int) -> dict[str, Any]:
    """A showtime of two hours in hall `one`, in that many days."""
    begin = datetime.now(UTC) + timedelta(days=days)
    price = {"currencyCode": "EUR", "units": "9"}
    return {
        "movie": f"movies/{movie}",
        "hall": f"venues/{venue}/halls/one",
        "startTime": begin.isoformat(),
        "endTime": (begin + timedelta(hours=2)).isoformat(),
        "prices": [{"zone": "stalls", "ticketType": f"TICKET_TYPE_{kind}", "price": price} for kind in _TYPES],
    }


def names_of(venue: str, an_id: str) -> Mapping[str, Sequence[str]]:
    """What `opened` made, and values that are of use there, by the patterns of the fields that they fit."""
    bare = f"{venue}-none"
    return {
        f"venues/{an_id}": (f"venues/{venue}", f"venues/{bare}"),
        f"venues/{an_id}/halls/{an_id}": (f"venues/{venue}/halls/one", f"venues/{venue}/halls/empty"),
        f"showtimes/{an_id}": (f"showtimes/{venue}", f"showtimes/{bare}"),
        f"showtimes/{an_id}/seatMap": (f"showtimes/{venue}/seatMap",),
        f"users/{an_id}/bookings/{an_id}": (f"users/alice/bookings/{venue}", f"users/alice/bookings/{venue}-paid"),
        "[A-Z]{1,2}[1-9][0-9]{0,2}": SEATS[2:],
        "[A-Za-z0-9_-]{1,100}": ("pm_ok",),
        "[A-Za-z0-9_+/-]{1,64}": ("Europe/Paris", "Asia/Tokyo"),
    }
