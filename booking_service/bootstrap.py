"""Puts the context together."""

import os
from datetime import UTC, datetime

from booking_service.domain.bookings import HoldRules
from booking_service.infrastructure.clients.movies import RemoteCatalogue
from booking_service.infrastructure.events.encode import encode
from booking_service.infrastructure.grpc.booking_servicer import BookingServicer
from booking_service.infrastructure.grpc.errors import ERRORS
from booking_service.infrastructure.grpc.paying import PaymentEndpoint
from booking_service.infrastructure.grpc.payment_servicer import PaymentServicer
from booking_service.infrastructure.grpc.showtime_servicer import ShowtimeServicer
from booking_service.infrastructure.grpc.venue_servicer import VenueServicer
from booking_service.infrastructure.payments.driving import Cashier, PaymentDriver
from booking_service.infrastructure.payments.provider import IntentProvider
from booking_service.infrastructure.personal_data import BookingPersonalData
from booking_service.infrastructure.postgres.payments import PostgresDuePayments, PostgresPaymentReader
from booking_service.infrastructure.postgres.readers import PostgresBookingReader, PostgresShowtimeReader
from booking_service.infrastructure.postgres.sweeping import Sweeper
from booking_service.infrastructure.postgres.unit_of_work import BookingUnitOfWork
from booking_service.infrastructure.postgres.venues import PostgresVenueReader
from booking_service.infrastructure.settings import PaymentSettings, hold_rules
from mesh import personal_data
from mesh.events.relay import Relay
from mesh.server import Foundation, Service
from reelmesh.booking.v1 import booking_service_pb2, payment_service_pb2, showtime_service_pb2, venue_service_pb2
from reelmesh.movie.v1 import movie_service_pb2


def build(foundation: Foundation) -> Service:
    return build_with(foundation, hold_rules(os.environ), PaymentSettings.of(os.environ))


def build_with(foundation: Foundation, rules: HoldRules, paying: PaymentSettings) -> Service:
    database, bus = foundation.database, foundation.bus

    def unit_of_work() -> BookingUnitOfWork:
        return BookingUnitOfWork(database, encode)

    catalogue = RemoteCatalogue(foundation.channel("movie", movie_service_pb2.DESCRIPTOR.services_by_name["MovieService"]))
    venues, showtimes, bookings = PostgresVenueReader(database), PostgresShowtimeReader(database), PostgresBookingReader(database)
    provider = IntentProvider(paying.url, paying.api_key) if paying.url else None
    payments, driver = PostgresPaymentReader(database), PaymentDriver(unit_of_work, provider)
    cashier = Cashier(unit_of_work, driver, PostgresDuePayments(database, paying.pause), provider)
    endpoint = PaymentEndpoint(unit_of_work, bookings, payments, driver, cashier)
    held = BookingPersonalData(database, encode)
    return Service(
        servicers={
            venue_service_pb2.DESCRIPTOR.services_by_name["VenueService"]: VenueServicer(unit_of_work, venues),
            showtime_service_pb2.DESCRIPTOR.services_by_name["ShowtimeService"]: ShowtimeServicer(
                unit_of_work, showtimes, venues, catalogue, cashier.wake
            ),
            booking_service_pb2.DESCRIPTOR.services_by_name["BookingService"]: BookingServicer(
                unit_of_work, bookings, showtimes, rules, payments, endpoint
            ),
            payment_service_pb2.DESCRIPTOR.services_by_name["PaymentService"]: PaymentServicer(
                driver, cashier, paying.webhook_secrets, lambda: datetime.now(UTC)
            ),
            personal_data.SERVICE: personal_data.PersonalDataServicer(held),
        },
        errors=ERRORS,
        background=[
            Relay(database, bus, "booking", tracing=foundation.tracing),
            Sweeper(unit_of_work),
            cashier,
            personal_data.erasure_consumer("booking", database, bus, held, tracing=foundation.tracing),
        ],
    )
