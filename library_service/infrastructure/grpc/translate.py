"""Domain to contract, field by field, and what little comes the other way."""

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration

from library_service.domain.marks import Mark
from library_service.domain.movies import KnownMovie
from library_service.domain.playlists import Entry, Playlist, Visibility
from library_service.domain.viewings import Viewing
from library_service.infrastructure.grpc.names import entry_name, mark_name, movie_name, playlist_name, viewing_name
from mesh.timestamps import timestamp
from reelmesh.library.v1 import library_pb2 as pb
from reelmesh.movie.v1.movie_pb2 import MovieCard

_VISIBILITIES = {
    Visibility.PRIVATE: pb.Playlist.VISIBILITY_PRIVATE,
    Visibility.UNLISTED: pb.Playlist.VISIBILITY_UNLISTED,
    Visibility.PUBLIC: pb.Playlist.VISIBILITY_PUBLIC,
}


def known_card(movie: KnownMovie) -> MovieCard:
    """As it was last known."""
    return MovieCard(name=movie_name(movie.movie), title=movie.title, release_year=movie.release_year)


def watchlist_message(mark: Mark) -> pb.WatchlistItem:
    return pb.WatchlistItem(
        name=mark_name(mark.user, mark.shelf.list_name, mark.movie.movie),
        movie=movie_name(mark.movie.movie),
        card=known_card(mark.movie),
        missing=mark.movie.deleted,
        add_time=timestamp(mark.add_time),
    )


def favorite_message(mark: Mark) -> pb.Favorite:
    return pb.Favorite(
        name=mark_name(mark.user, mark.shelf.list_name, mark.movie.movie),
        movie=movie_name(mark.movie.movie),
        card=known_card(mark.movie),
        missing=mark.movie.deleted,
        add_time=timestamp(mark.add_time),
    )


def entry_message(entry: Entry) -> pb.PlaylistEntry:
    return pb.PlaylistEntry(
        name=entry_name(entry.user, entry.playlist, entry.movie.movie),
        movie=movie_name(entry.movie.movie),
        card=known_card(entry.movie),
        missing=entry.movie.deleted,
        add_time=timestamp(entry.add_time),
    )


def viewing_message(viewing: Viewing) -> pb.Viewing:
    message = pb.Viewing(
        name=viewing_name(viewing.user, viewing.movie.movie),
        movie=movie_name(viewing.movie.movie),
        card=known_card(viewing.movie),
        missing=viewing.movie.deleted,
        position=_duration_message(viewing.position),
        watched_share=viewing.watched_share,
        finished=viewing.finished,
        view_count=viewing.view_count,
        view_time=timestamp(viewing.view_time),
    )
    if viewing.duration is not None:
        message.duration.CopyFrom(_duration_message(viewing.duration))
    return message


def playlist_message(playlist: Playlist) -> pb.Playlist:
    return pb.Playlist(
        name=playlist_name(playlist.user, playlist.playlist),
        title=playlist.title,
        description=playlist.description,
        visibility=_VISIBILITIES[playlist.visibility],
        entry_count=playlist.entry_count,
        follower_count=playlist.follower_count,
        create_time=timestamp(playlist.create_time),
        update_time=timestamp(playlist.update_time),
        etag=playlist.etag,
    )


def visibility_from(number: int) -> Visibility:
    """Of a number that the contract has; not said means private."""
    return Visibility(number or Visibility.PRIVATE.value)


def _duration_message(time: timedelta) -> Duration:
    message = Duration()
    message.FromTimedelta(time)
    return message
