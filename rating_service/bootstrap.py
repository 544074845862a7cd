"""Puts the context together."""

from typing import Any, cast

from mesh import personal_data
from mesh.events.broadcast import Broadcast
from mesh.events.relay import Relay
from mesh.server import Foundation, Service
from rating_service.infrastructure.clients.movies import RemoteMovieDirectory
from rating_service.infrastructure.events.announcer import SummaryAnnouncer
from rating_service.infrastructure.events.encode import encode
from rating_service.infrastructure.grpc.errors import ERRORS
from rating_service.infrastructure.grpc.importing import RatingImport
from rating_service.infrastructure.grpc.rating_servicer import RatingServicer
from rating_service.infrastructure.grpc.review_servicer import ReviewServicer
from rating_service.infrastructure.personal_data import RatingData
from rating_service.infrastructure.postgres.rating_reader import PostgresRatingReader
from rating_service.infrastructure.postgres.reviews import PostgresReviewReader
from rating_service.infrastructure.postgres.unit_of_work import RatingUnitOfWork
from reelmesh.movie.v1 import events_pb2, movie_service_pb2
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceStub
from reelmesh.rating.v1 import rating_service_pb2, review_service_pb2


def build(foundation: Foundation) -> Service:
    database, bus = foundation.database, foundation.bus

    def unit_of_work() -> RatingUnitOfWork:
        return RatingUnitOfWork(database, encode)

    # A mesh channel has what generated stubs use of a grpc.aio.Channel, and is no subclass of it.
    channel = foundation.channel("movie", movie_service_pb2.DESCRIPTOR.services_by_name["MovieService"])
    movies = RemoteMovieDirectory(MovieServiceStub(cast(Any, channel)).BatchGetMovies)
    announcer = SummaryAnnouncer(unit_of_work)
    importing = RatingImport(unit_of_work, announcer)
    data = RatingData(database)
    return Service(
        servicers={
            rating_service_pb2.DESCRIPTOR.services_by_name["RatingService"]: RatingServicer(
                unit_of_work, PostgresRatingReader(database), movies, importing, announcer
            ),
            review_service_pb2.DESCRIPTOR.services_by_name["ReviewService"]: ReviewServicer(
                unit_of_work, PostgresReviewReader(database), movies
            ),
            personal_data.SERVICE: personal_data.PersonalDataServicer(data),
        },
        errors=ERRORS,
        background=[
            Relay(database, bus, "rating", tracing=foundation.tracing),
            Broadcast(bus, {events_pb2.MovieDeleted: movies.forget}, movies.forget_all, name="rating_known_movies"),
            announcer,
            personal_data.erasure_consumer("rating", database, bus, data, tracing=foundation.tracing),
        ],
    )
