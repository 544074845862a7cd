"""Domain events as they are published, with the key that keeps them in order."""

from library_service.domain import events
from library_service.domain.marks import Shelf
from library_service.infrastructure.grpc.names import history_name, list_name, playlist_name, user_name
from library_service.infrastructure.grpc.translate import favorite_message, playlist_message, viewing_message, watchlist_message
from mesh.postgres.outbox import OutboxMessage, outbox_message
from reelmesh.library.v1 import events_pb2


def encode(event: events.Event) -> OutboxMessage:
    match event:
        case events.MoviesMarked(marks):
            key = list_name(marks[0].user, marks[0].shelf)
            if marks[0].shelf is Shelf.WATCHLIST:
                return outbox_message(events_pb2.MoviesAddedToWatchlist(items=map(watchlist_message, marks)), key)
            return outbox_message(events_pb2.FavoritesAdded(favorites=map(favorite_message, marks)), key)
        case events.MovieUnmarked(mark):
            key = list_name(mark.user, mark.shelf)
            if mark.shelf is Shelf.WATCHLIST:
                return outbox_message(events_pb2.MovieRemovedFromWatchlist(item=watchlist_message(mark)), key)
            return outbox_message(events_pb2.FavoriteRemoved(favorite=favorite_message(mark)), key)
        case events.PlaylistPublished(playlist):
            published = events_pb2.PlaylistPublished(playlist=playlist_message(playlist))
            return outbox_message(published, playlist_name(playlist.user, playlist.playlist))
        case events.PlaylistWithdrawn(playlist):
            withdrawn = events_pb2.PlaylistWithdrawn(playlist=playlist_message(playlist))
            return outbox_message(withdrawn, playlist_name(playlist.user, playlist.playlist))
        case events.PlaylistFollowed(playlist, follower):
            followed = events_pb2.PlaylistFollowed(playlist=playlist_message(playlist), follower=user_name(follower))
            return outbox_message(followed, playlist_name(playlist.user, playlist.playlist))
        case events.ViewingProgressRecorded(viewings):
            recorded = events_pb2.ViewingProgressRecorded(viewings=map(viewing_message, viewings))
            return outbox_message(recorded, history_name(viewings[0].user))
