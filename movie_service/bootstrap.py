"""Puts the context together."""

from datetime import UTC, datetime

from mesh.events.batch_consumer import BatchConsumer
from mesh.events.relay import Relay
from mesh.server import Foundation, Service
from movie_service.application.cards import MovieCards
from movie_service.application.details import MovieDetails
from movie_service.application.home import Home
from movie_service.infrastructure.clients.metadata import GrpcMetadata
from movie_service.infrastructure.clients.ratings import GrpcRatings
from movie_service.infrastructure.clients.recommender import GrpcRecommender
from movie_service.infrastructure.events.invalidation import Invalidation
from movie_service.infrastructure.grpc.answers import Answers
from movie_service.infrastructure.grpc.cards import CardsEndpoint
from movie_service.infrastructure.grpc.details import DetailsEndpoint
from movie_service.infrastructure.grpc.errors import ERRORS
from movie_service.infrastructure.grpc.home import HomeEndpoint
from movie_service.infrastructure.grpc.search import SearchEndpoint
from movie_service.infrastructure.grpc.servicer import MovieServicer
from movie_service.infrastructure.postgres.catalogue import PostgresCatalogue
from movie_service.infrastructure.postgres.unit_of_work import MovieUnitOfWork
from movie_service.infrastructure.search.index import PostgresIndex
from movie_service.infrastructure.search.projection import EVENTS, project
from reelmesh.metadata.v1 import metadata_service_pb2
from reelmesh.movie.v1 import movie_service_pb2
from reelmesh.rating.v1 import rating_service_pb2
from reelmesh.recommender.v1 import recommender_service_pb2


def build(foundation: Foundation) -> Service:
    database, bus = foundation.database, foundation.bus

    def now() -> datetime:
        return datetime.now(UTC)

    answers = Answers()
    catalogue = PostgresCatalogue(database)
    ratings = GrpcRatings(foundation.channel("rating", rating_service_pb2.DESCRIPTOR.services_by_name["RatingService"]))
    documents = GrpcMetadata(foundation.channel("metadata", metadata_service_pb2.DESCRIPTOR.services_by_name["MetadataService"]))
    recommender = GrpcRecommender(
        foundation.channel("recommender", recommender_service_pb2.DESCRIPTOR.services_by_name["RecommenderService"])
    )
    cards = MovieCards(catalogue, ratings, documents)
    servicer = MovieServicer(
        lambda: MovieUnitOfWork(database),
        catalogue,
        answers,
        search=SearchEndpoint(PostgresIndex(database)),
        details=DetailsEndpoint(MovieDetails(catalogue, ratings, documents, documents, recommender), answers),
        home=HomeEndpoint(Home(catalogue, ratings, cards, recommender), answers, now),
        cards=CardsEndpoint(cards),
        now=now,
    )
    return Service(
        servicers={movie_service_pb2.DESCRIPTOR.services_by_name["MovieService"]: servicer},
        errors=ERRORS,
        background=[
            Relay(database, bus, "movie", tracing=foundation.tracing),
            Invalidation(bus, answers),
            BatchConsumer("movie-search", database, bus, EVENTS, project, batch=500, tracing=foundation.tracing),
        ],
    )
