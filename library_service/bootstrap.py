"""Puts the context together."""

from library_service.domain.marks import Shelf
from library_service.infrastructure.clients.movies import RemoteMovies
from library_service.infrastructure.events.encode import encode
from library_service.infrastructure.events.projection import EVENTS, project
from library_service.infrastructure.grpc.errors import ERRORS
from library_service.infrastructure.grpc.favorite_servicer import FavoriteServicer
from library_service.infrastructure.grpc.history_servicer import HistoryServicer
from library_service.infrastructure.grpc.importing import ListImport
from library_service.infrastructure.grpc.playlist_servicer import PlaylistServicer
from library_service.infrastructure.grpc.shelves import ShelfEndpoint
from library_service.infrastructure.grpc.transfer_servicer import TransferServicer
from library_service.infrastructure.grpc.watchlist_servicer import WatchlistServicer
from library_service.infrastructure.personal_data import LibraryPersonalData
from library_service.infrastructure.postgres.marks import PostgresMarkReader
from library_service.infrastructure.postgres.playlist_reader import PostgresPlaylistReader
from library_service.infrastructure.postgres.unit_of_work import LibraryUnitOfWork
from library_service.infrastructure.postgres.viewings import PostgresViewingReader
from mesh import personal_data
from mesh.events.batch_consumer import BatchConsumer
from mesh.events.relay import Relay
from mesh.server import Foundation, Service
from reelmesh.library.v1 import (
    favorite_service_pb2,
    history_service_pb2,
    playlist_service_pb2,
    transfer_service_pb2,
    watchlist_service_pb2,
)
from reelmesh.movie.v1 import movie_service_pb2


def build(foundation: Foundation) -> Service:
    database, bus = foundation.database, foundation.bus

    def unit_of_work() -> LibraryUnitOfWork:
        return LibraryUnitOfWork(database, encode)

    movies = RemoteMovies(foundation.channel("movie", movie_service_pb2.DESCRIPTOR.services_by_name["MovieService"]))
    marks, viewings, playlists = PostgresMarkReader(database), PostgresViewingReader(database), PostgresPlaylistReader(database)
    watchlist = ShelfEndpoint(Shelf.WATCHLIST, unit_of_work, marks, movies)
    favorites = ShelfEndpoint(Shelf.FAVORITES, unit_of_work, marks, movies)
    held = LibraryPersonalData(database, encode)
    return Service(
        servicers={
            watchlist_service_pb2.DESCRIPTOR.services_by_name["WatchlistService"]: WatchlistServicer(watchlist, movies),
            favorite_service_pb2.DESCRIPTOR.services_by_name["FavoriteService"]: FavoriteServicer(favorites, movies),
            playlist_service_pb2.DESCRIPTOR.services_by_name["PlaylistService"]: PlaylistServicer(unit_of_work, playlists, movies, movies),
            history_service_pb2.DESCRIPTOR.services_by_name["HistoryService"]: HistoryServicer(unit_of_work, viewings, movies, movies),
            transfer_service_pb2.DESCRIPTOR.services_by_name["TransferService"]: TransferServicer(
                ListImport(unit_of_work), marks, viewings, playlists
            ),
            personal_data.SERVICE: personal_data.PersonalDataServicer(held),
        },
        errors=ERRORS,
        background=[
            Relay(database, bus, "library", tracing=foundation.tracing),
            BatchConsumer("library-movies", database, bus, EVENTS, project, batch=500, tracing=foundation.tracing),
            personal_data.erasure_consumer("library", database, bus, held, tracing=foundation.tracing),
        ],
    )
