"""What each error of the domain is to a caller."""

from typing import Any, Final

from booking_service.domain import errors as domain
from booking_service.infrastructure.grpc.names import booking_name, hall_name, movie_name, showtime_name, user_name, venue_name
from mesh import errors as mesh
from mesh.handlers import ErrorTable

MOVIE: Final = "reelmesh.movie/Movie"
VENUE: Final = "reelmesh.booking/Venue"
HALL: Final = "reelmesh.booking/Hall"
SHOWTIME: Final = "reelmesh.booking/Showtime"
BOOKING: Final = "reelmesh.booking/Booking"


def _fields_wrong(error: domain.FieldsWrong) -> mesh.MeshError:
    return mesh.InvalidArgument([mesh.Violation(field, flaw) for field, flaw in error.flaws])


def _seats(error: domain.SeatsTaken | domain.SeatUnknown | domain.TicketNotSold | domain.SingleSeatLeft, reason: str) -> mesh.MeshError:
    subject, seats = showtime_name(error.showtime), ", ".join(error.seats)
    return mesh.FailedPrecondition(reason, f"Seats of {subject} that {error.fact}: {seats}.", subject, seats=seats)


def _about(error: Any, reason: str, message: str) -> mesh.MeshError:
    """`error` is about a booking."""
    return mesh.FailedPrecondition(reason, message, booking_name(error.user, error.booking))


ERRORS: Final[ErrorTable] = {
    domain.FieldsWrong: _fields_wrong,
    domain.ResourceChanged: lambda _: mesh.Aborted("ETAG_MISMATCH", "It was changed meanwhile; read it again."),
    domain.VenueNotFound: lambda e: mesh.NotFound(VENUE, venue_name(e.venue), "VENUE_NOT_FOUND"),
    domain.VenueAlreadyExists: lambda e: mesh.AlreadyExists(VENUE, venue_name(e.venue), "VENUE_ALREADY_EXISTS"),
    domain.VenueHasHalls: lambda e: mesh.FailedPrecondition("VENUE_HAS_HALLS", "Delete its halls first.", venue_name(e.venue)),
    domain.HallNotFound: lambda e: mesh.NotFound(HALL, hall_name(e.venue, e.hall), "HALL_NOT_FOUND"),
    domain.HallAlreadyExists: lambda e: mesh.AlreadyExists(HALL, hall_name(e.venue, e.hall), "HALL_ALREADY_EXISTS"),
    domain.HallHasShowtimes: lambda e: mesh.FailedPrecondition("HALL_HAS_SHOWTIMES", "It has showtimes.", hall_name(e.venue, e.hall)),
    domain.HallOccupied: lambda e: mesh.FailedPrecondition(
        "HALL_OCCUPIED", "Another showtime is in the hall at that time.", hall_name(e.venue, e.hall)
    ),
    domain.MovieNotFound: lambda e: mesh.NotFound(MOVIE, movie_name(e.movie), "MOVIE_NOT_FOUND"),
    domain.ShowtimeNotFound: lambda e: mesh.NotFound(SHOWTIME, showtime_name(e.showtime), "SHOWTIME_NOT_FOUND"),
    domain.ShowtimeAlreadyExists: lambda e: mesh.AlreadyExists(SHOWTIME, showtime_name(e.showtime), "SHOWTIME_ALREADY_EXISTS"),
    domain.ShowtimeCanceled: lambda e: mesh.FailedPrecondition("SHOWTIME_CANCELED", "It does not take place.", showtime_name(e.showtime)),
    domain.ShowtimeBegun: lambda e: mesh.FailedPrecondition("SHOWTIME_BEGUN", "It has begun.", showtime_name(e.showtime)),
    domain.ShowtimeInUse: lambda e: mesh.FailedPrecondition("SHOWTIME_IN_USE", "There are bookings for it.", showtime_name(e.showtime)),
    domain.ShowtimeChanged: lambda _: mesh.Aborted("SHOWTIME_CHANGED", "The showtime was changed meanwhile; read it again."),
    domain.SeatsTaken: lambda e: _seats(e, "SEATS_TAKEN"),
    domain.SeatUnknown: lambda e: _seats(e, "SEAT_UNKNOWN"),
    domain.TicketNotSold: lambda e: _seats(e, "TICKET_NOT_SOLD"),
    domain.SingleSeatLeft: lambda e: _seats(e, "SINGLE_SEAT_LEFT"),
    domain.TooManyHolds: lambda e: mesh.ResourceExhausted(
        "TOO_MANY_HOLDS", f"Nobody may hold seats of one showtime more than {e.limit} times at once.", user_name(e.user)
    ),
    domain.BookingNotFound: lambda e: mesh.NotFound(BOOKING, booking_name(e.user, e.booking), "BOOKING_NOT_FOUND"),
    domain.BookingAlreadyExists: lambda e: mesh.AlreadyExists(BOOKING, booking_name(e.user, e.booking), "BOOKING_ALREADY_EXISTS"),
    domain.BookingNotHeld: lambda e: mesh.FailedPrecondition(
        "BOOKING_NOT_HELD", "It is not held, or not any more.", booking_name(e.user, e.booking)
    ),
    domain.BookingNotConfirmed: lambda e: _about(e, "BOOKING_NOT_CONFIRMED", "It is not paid for, or somebody has come in with it."),
    domain.PaymentMethodMissing: lambda e: _about(e, "PAYMENT_METHOD_MISSING", "It costs something: say what to pay with."),
    domain.PaymentInProgress: lambda e: _about(e, "PAYMENT_IN_PROGRESS", "It is being paid for with something else."),
    domain.PaymentDeclined: lambda e: _about(e, "PAYMENT_DECLINED", "The payment was declined."),
    domain.SeatsLost: lambda e: _about(e, "SEATS_LOST", "The seats cannot be had any more; the money goes back."),
    domain.HoldExtendedBefore: lambda e: mesh.FailedPrecondition(
        "HOLD_EXTENDED_BEFORE", "A hold is extended once.", booking_name(e.user, e.booking)
    ),
}
