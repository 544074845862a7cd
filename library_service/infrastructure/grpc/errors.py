"""What each error of the domain is to a caller."""

from typing import Final

from library_service.domain import errors as domain
from library_service.infrastructure.grpc.names import entry_name, mark_name, movie_name, playlist_name, user_name, viewing_name
from mesh import errors as mesh
from mesh.handlers import ErrorTable

MOVIE: Final = "reelmesh.movie/Movie"
MARKS: Final = {"watchlist": "reelmesh.library/WatchlistItem", "favorites": "reelmesh.library/Favorite"}
VIEWING: Final = "reelmesh.library/Viewing"
PLAYLIST: Final = "reelmesh.library/Playlist"
ENTRY: Final = "reelmesh.library/PlaylistEntry"


def _movie_not_found(error: domain.MovieNotFound) -> mesh.MeshError:
    return mesh.NotFound(MOVIE, movie_name(error.movie), "MOVIE_NOT_FOUND")


def _mark_not_found(error: domain.MarkNotFound) -> mesh.MeshError:
    return mesh.NotFound(MARKS[error.list_name], mark_name(error.user, error.list_name, error.movie), "ITEM_NOT_FOUND")


def _viewing_not_found(error: domain.ViewingNotFound) -> mesh.MeshError:
    return mesh.NotFound(VIEWING, viewing_name(error.user, error.movie), "VIEWING_NOT_FOUND")


def _playlist_not_found(error: domain.PlaylistNotFound) -> mesh.MeshError:
    return mesh.NotFound(PLAYLIST, playlist_name(error.user, error.playlist), "PLAYLIST_NOT_FOUND")


def _playlist_already_exists(error: domain.PlaylistAlreadyExists) -> mesh.MeshError:
    return mesh.AlreadyExists(PLAYLIST, playlist_name(error.user, error.playlist), "PLAYLIST_ALREADY_EXISTS")


def _playlist_changed(error: domain.PlaylistChanged) -> mesh.MeshError:
    return mesh.Aborted("ETAG_MISMATCH", "The playlist was changed meanwhile; read it again.")


def _entry_not_found(error: domain.EntryNotFound) -> mesh.MeshError:
    return mesh.NotFound(ENTRY, entry_name(error.user, error.playlist, error.movie), "ENTRY_NOT_FOUND")


def _follows_itself(error: domain.EntryFollowsItself) -> mesh.MeshError:
    return mesh.InvalidArgument([mesh.Violation("after", "must be another entry of the same playlist")])


def _too_many_items(error: domain.TooManyItems) -> mesh.MeshError:
    return mesh.ResourceExhausted("TOO_MANY_ITEMS", f"The list is full: it holds {error.limit:,}.", user_name(error.user))


def _too_many_playlists(error: domain.TooManyPlaylists) -> mesh.MeshError:
    return mesh.ResourceExhausted("TOO_MANY_PLAYLISTS", f"Nobody may have more than {error.limit} playlists.", user_name(error.user))


def _contradicts(error: domain.ViewingContradicts) -> mesh.MeshError:
    return mesh.InvalidArgument([mesh.Violation(field, flaw) for field, flaw in error.flaws])


def _no_movie_column(error: domain.NoMovieColumn) -> mesh.MeshError:
    return mesh.InvalidArgument([mesh.Violation("lines", "begin without a header that has a column for the title or the IMDb id")])


ERRORS: Final[ErrorTable] = {
    domain.MovieNotFound: _movie_not_found,
    domain.MarkNotFound: _mark_not_found,
    domain.ViewingNotFound: _viewing_not_found,
    domain.PlaylistNotFound: _playlist_not_found,
    domain.PlaylistAlreadyExists: _playlist_already_exists,
    domain.PlaylistChanged: _playlist_changed,
    domain.EntryNotFound: _entry_not_found,
    domain.EntryFollowsItself: _follows_itself,
    domain.TooManyItems: _too_many_items,
    domain.TooManyPlaylists: _too_many_playlists,
    domain.ViewingContradicts: _contradicts,
    domain.NoMovieColumn: _no_movie_column,
}
