"""What the use cases need from outside, in their own words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from library_service.domain.csv_reading import Row
from library_service.domain.events import Event
from library_service.domain.marks import Mark, Shelf
from library_service.domain.movies import CatalogueMovie, KnownMovie
from library_service.domain.playlists import Entry, Playlist
from library_service.domain.viewings import Viewing

T = TypeVar("T")
Position = tuple[datetime, str]


class Catalogue(Protocol):
    """The movie context."""

    async def require(self, movie: str) -> CatalogueMovie:
        """Raises MovieNotFound for one that does not exist or is deleted, Unavailable when that cannot be told."""


@dataclass(frozen=True, slots=True)
class Added:
    """A movie for a list, and since when it is on it."""

    movie: KnownMovie
    time: datetime


@dataclass(frozen=True, slots=True)
class Growth(Generic[T]):
    """What is new on a list, in the order given; `refused` are the ids of movies that would have been too many."""

    new: Sequence[T]
    refused: Sequence[str]


class Movies(Protocol):
    """What the catalogue told, kept here so that a list can be read without it."""

    async def remember(self, movies: Sequence[CatalogueMovie]) -> None:
        """At most one of each; what was told later is kept."""

    async def named(self, rows: Sequence[Row]) -> Mapping[int, Sequence[KnownMovie]]:
        """For the line of each row the movies that it can mean, without deleted ones: that of its id, else those of its title and year."""


class Marks(Protocol):
    """The lists, inside a transaction."""

    async def add(self, user: str, shelf: Shelf, movies: Sequence[Added]) -> Growth[Mark]:
        """At most one of each movie, also when others add the same at the same time."""

    async def find(self, user: str, shelf: Shelf, movie: str) -> Mark | None: ...

    async def remove(self, user: str, shelf: Shelf, movie: str) -> Mark | None: ...


class Playlists(Protocol):
    """Playlists and who follows them, inside a transaction."""

    async def add(self, playlist: Playlist) -> None:
        """Raises PlaylistAlreadyExists, TooManyPlaylists."""

    async def lock(self, user: str, playlist: str) -> Playlist:
        """Nobody else changes it, its entries or its followers until this transaction ends; raises PlaylistNotFound."""

    async def save(self, playlist: Playlist) -> None: ...

    async def remove(self, playlist: Playlist) -> None: ...

    async def follow(self, playlist: Playlist, follower: str) -> Playlist:
        """With its followers counted; a second time changes nothing. The playlist is locked."""

    async def unfollow(self, playlist: Playlist, follower: str) -> Playlist: ...

    async def is_followed(self, playlist: Playlist, follower: str) -> bool: ...

    async def followed_count(self, follower: str, most: int) -> int:
        """How many the follower follows, counted up to `most`."""


class Entries(Protocol):
    """The entries of a playlist that is locked, inside its transaction."""

    async def find(self, playlist: Playlist, movie: str) -> Entry:
        """Raises EntryNotFound."""

    async def append(self, playlist: Playlist, movies: Sequence[Added]) -> Growth[Entry]:
        """At most one of each movie, in their order."""

    async def remove(self, playlist: Playlist, movie: str) -> Entry:
        """Raises EntryNotFound."""

    async def gap_after(self, playlist: Playlist, after: Entry | None, moved: str) -> tuple[int | None, int | None]:
        """The ranks between which an entry belongs that follows `after`, or is the first; `moved` is left out of account."""

    async def place(self, entry: Entry, rank: int) -> None: ...

    async def make_room(self, playlist: Playlist, after: Entry | None) -> None:
        """New ranks for the entries around the place behind `after`, or at the front, in their order and with room between them."""


class Viewings(Protocol):
    """The viewing history, inside a transaction."""

    async def lock(self, user: str, movie: str) -> Viewing | None:
        """The viewing, which nobody else changes, nor begins, until this transaction ends."""

    async def save(self, viewing: Viewing) -> None:
        """One that was locked and is there."""

    async def add(self, user: str, viewings: Sequence[Viewing]) -> Growth[Viewing]:
        """At most one of each movie; those of movies that are in the history change nothing."""

    async def remove(self, user: str, movie: str) -> Viewing | None: ...

    async def clear(self, user: str) -> int: ...


class UnitOfWork(Protocol):
    """One transaction."""

    @property
    def movies(self) -> Movies: ...

    @property
    def marks(self) -> Marks: ...

    @property
    def playlists(self) -> Playlists: ...

    @property
    def entries(self) -> Entries: ...

    @property
    def viewings(self) -> Viewings: ...

    def add_event(self, event: Event) -> None: ...


class MarkReader(Protocol):
    """Reads of the lists, outside any transaction. Pages begin after a position, which is the sort key of a row."""

    async def mark(self, user: str, shelf: Shelf, movie: str) -> Mark | None: ...

    async def page(self, user: str, shelf: Shelf, limit: int, after: Position | None) -> Sequence[Mark]:
        """The latest first; the position is (add_time, movie)."""


class ViewingReader(Protocol):
    """Reads of the history, outside any transaction; the latest first, the position is (view_time, movie)."""

    async def viewing(self, user: str, movie: str) -> Viewing | None: ...

    async def page(self, user: str, limit: int, after: Position | None) -> Sequence[Viewing]: ...

    async def begun(self, user: str, limit: int, after: Position | None) -> Sequence[Viewing]:
        """Not finished, of movies that are in the catalogue."""


@dataclass(frozen=True, slots=True)
class EntryPosition:
    """Behind an entry. Ranks mean something as long as `dealt` is that of the playlist; later the entry itself says where it is."""

    rank: int
    dealt: int
    movie: str


@dataclass(frozen=True, slots=True)
class FollowedPlaylist:
    """What a user follows, and since when."""

    playlist: Playlist
    follow_time: datetime

    @property
    def row_id(self) -> str:
        """Tells apart those that were followed at the same time."""
        return f"{self.playlist.user}/{self.playlist.playlist}"


class PlaylistReader(Protocol):
    """Reads of playlists, outside any transaction."""

    async def playlist(self, user: str, playlist: str) -> Playlist | None: ...

    async def of_user(self, user: str, public_only: bool, limit: int, after: Position | None) -> Sequence[Playlist]:
        """The latest first; the position is (create_time, playlist)."""

    async def followed(self, follower: str, limit: int, after: Position | None) -> Sequence[FollowedPlaylist]:
        """Those that the follower can read, the latest followed first; the position is (follow_time, row_id)."""

    async def entries(self, user: str, playlist: str, limit: int, after: EntryPosition | None) -> tuple[Sequence[Entry], int]:
        """In their order, and how often ranks have been dealt anew."""
