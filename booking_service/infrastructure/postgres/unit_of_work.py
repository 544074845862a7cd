"""The context's transaction with its repositories."""

from booking_service.infrastructure.postgres.bookings import PostgresBookings
from booking_service.infrastructure.postgres.payments import PostgresPayments
from booking_service.infrastructure.postgres.sales import PostgresSales
from booking_service.infrastructure.postgres.showtimes import PostgresShowtimes
from booking_service.infrastructure.postgres.venues import PostgresVenues
from mesh.postgres.transaction import Transaction
from mesh.postgres.unit_of_work import UnitOfWork


class BookingUnitOfWork(UnitOfWork):
    """The port UnitOfWork."""

    venues: PostgresVenues
    showtimes: PostgresShowtimes
    bookings: PostgresBookings
    sales: PostgresSales
    payments: PostgresPayments

    def _bind(self, transaction: Transaction) -> None:
        self.venues = PostgresVenues(transaction)
        self.showtimes = PostgresShowtimes(transaction)
        self.bookings = PostgresBookings(transaction)
        self.sales = PostgresSales(transaction)
        self.payments = PostgresPayments(transaction)
