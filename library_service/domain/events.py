"""What happened, as other contexts are told."""

from dataclasses import dataclass
from typing import Final

from library_service.domain.marks import Mark
from library_service.domain.playlists import Playlist
from library_service.domain.viewings import Viewing

# As many with the longest titles are half of what an event may hold.
TOLD_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class MoviesMarked:
    """New on one list of one user, at most TOLD_AT_ONCE."""

    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class MovieUnmarked:
    mark: Mark


@dataclass(frozen=True, slots=True)
class PlaylistPublished:
    playlist: Playlist


@dataclass(frozen=True, slots=True)
class PlaylistWithdrawn:
    """A public playlist was deleted, or is public no longer; as it was."""

    playlist: Playlist


@dataclass(frozen=True, slots=True)
class PlaylistFollowed:
    playlist: Playlist
    follower: str


@dataclass(frozen=True, slots=True)
class ViewingProgressRecorded:
    """Viewings of one user as they are now, at most TOLD_AT_ONCE."""

    viewings: tuple[Viewing, ...]


Event = MoviesMarked | MovieUnmarked | PlaylistPublished | PlaylistWithdrawn | PlaylistFollowed | ViewingProgressRecorded
