"""Resource names and the ids in them; the contract's patterns have been checked before a name gets here."""


def venue_name(venue: str) -> str:
    return f"venues/{venue}"


def hall_name(venue: str, hall: str) -> str:
    return f"venues/{venue}/halls/{hall}"


def movie_name(movie: str) -> str:
    return f"movies/{movie}"


def showtime_name(showtime: str) -> str:
    return f"showtimes/{showtime}"


def seat_map_name(showtime: str) -> str:
    return f"showtimes/{showtime}/seatMap"


def user_name(user: str) -> str:
    return f"users/{user}"


def booking_name(user: str, booking: str) -> str:
    return f"users/{user}/bookings/{booking}"


def id_of(name: str) -> str:
    """`odeon` of `venues/odeon`, of `venues/odeon/halls/1` and so on."""
    return name.split("/", 2)[1]


def ids_of(name: str) -> tuple[str, str]:
    """`odeon` and `1` of `venues/odeon/halls/1`."""
    _, outer, _, inner = name.split("/")
    return outer, inner
