"""What can stand in the way of a venue, a showtime or a booking; ids, not names, inside."""

from collections.abc import Sequence


class BookingError(Exception):
    """The root of this context's errors."""


class FieldsWrong(BookingError):
    """`flaws` are fields of what was given, and what is wrong with them."""

    def __init__(self, flaws: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field} {flaw}" for field, flaw in flaws))
        self.flaws = flaws


class ResourceChanged(BookingError):
    """Somebody changed it since it was read."""


class _AboutVenue(BookingError):
    fact = ""

    def __init__(self, venue: str) -> None:
        super().__init__(f"venue {venue} {self.fact}")
        self.venue = venue


class VenueNotFound(_AboutVenue):
    fact = "does not exist"


class VenueAlreadyExists(_AboutVenue):
    fact = "exists already"


class VenueHasHalls(_AboutVenue):
    fact = "has halls"


class _AboutHall(BookingError):
    fact = ""

    def __init__(self, venue: str, hall: str) -> None:
        super().__init__(f"hall {hall} of {venue} {self.fact}")
        self.venue, self.hall = venue, hall


class HallNotFound(_AboutHall):
    fact = "does not exist"


class HallAlreadyExists(_AboutHall):
    fact = "exists already"


class HallHasShowtimes(_AboutHall):
    fact = "has showtimes"


class HallOccupied(_AboutHall):
    """Another showtime is there at that time."""

    fact = "is occupied at that time"


class MovieNotFound(BookingError):
    def __init__(self, movie: str) -> None:
        super().__init__(f"there is no movie {movie}")
        self.movie = movie


class _AboutShowtime(BookingError):
    fact = ""

    def __init__(self, showtime: str) -> None:
        super().__init__(f"showtime {showtime} {self.fact}")
        self.showtime = showtime


class ShowtimeNotFound(_AboutShowtime):
    fact = "does not exist"


class ShowtimeAlreadyExists(_AboutShowtime):
    fact = "exists already"


class ShowtimeCanceled(_AboutShowtime):
    fact = "does not take place"


class ShowtimeBegun(_AboutShowtime):
    fact = "has begun"


class ShowtimeInUse(_AboutShowtime):
    """Somebody has or had seats, which forbids what was asked for."""

    fact = "has bookings"


class ShowtimeChanged(_AboutShowtime):
    """Its terms are other ones than those that a hold was made with."""

    fact = "was changed meanwhile"


class _AboutSeats(BookingError):
    fact = ""

    def __init__(self, showtime: str, seats: Sequence[str]) -> None:
        super().__init__(f"{', '.join(seats)} of {showtime} {self.fact}")
        self.showtime, self.seats = showtime, seats


class SeatsTaken(_AboutSeats):
    """Somebody else has them."""

    fact = "are taken"


class SeatUnknown(_AboutSeats):
    fact = "are no seats of the hall"


class TicketNotSold(_AboutSeats):
    """There is no price for a ticket of that type in that zone."""

    fact = "are not sold as such tickets"


class SingleSeatLeft(_AboutSeats):
    """`seats` would stay free, each alone."""

    fact = "would be left alone"


class TooManyHolds(BookingError):
    """The user holds seats of the showtime as often as anybody may."""

    def __init__(self, user: str, showtime: str, limit: int) -> None:
        super().__init__(f"{user} has {limit} live holds for {showtime}")
        self.user, self.showtime, self.limit = user, showtime, limit


class _AboutBooking(BookingError):
    fact = ""

    def __init__(self, user: str, booking: str) -> None:
        super().__init__(f"booking {booking} of {user} {self.fact}")
        self.user, self.booking = user, booking


class BookingNotFound(_AboutBooking):
    fact = "does not exist"


class BookingAlreadyExists(_AboutBooking):
    fact = "exists already"


class BookingNotHeld(_AboutBooking):
    """It is no hold, or not any more."""

    fact = "is not held"


class BookingNotConfirmed(_AboutBooking):
    """There is nothing that could be given back."""

    fact = "is not paid for"


class PaymentMethodMissing(_AboutBooking):
    fact = "costs something, and nothing was said to pay with"


class PaymentInProgress(_AboutBooking):
    fact = "is being paid for with something else"


class PaymentDeclined(_AboutBooking):
    fact = "could not be paid for"


class SeatsLost(_AboutBooking):
    """The money came when the seats could not be had any more, and goes back."""

    fact = "has lost its seats"


class HoldExtendedBefore(_AboutBooking):
    fact = "was extended before"
