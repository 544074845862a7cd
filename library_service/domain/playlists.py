"""Movies in an order that a user chose, who may read them, and where a moved entry goes."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any, Final

from library_service.domain.errors import PlaylistChanged, PlaylistNotFound
from library_service.domain.movies import KnownMovie

MOST_PLAYLISTS: Final = 500
MOST_ENTRIES: Final = 10_000
MOST_FOLLOWED: Final = 10_000

# Between neighbours that were appended or put at the front. A moved entry goes into the middle of a gap, so a gap takes 40 moves in the
# worst case before the ranks around it are dealt anew; ranks end after 2^63 / 2^40 = 8 million appends, and all are dealt anew then.
GAP: Final = 2**40
LAST_RANK: Final = 2**63 - 1
# What dealing anew has to leave between neighbours to be worth it: 20 moves.
_ENOUGH: Final = 2**20


class Visibility(Enum):
    """Who can read a playlist; the numbers are stored."""

    PRIVATE = 1
    UNLISTED = 2
    PUBLIC = 3


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at a playlist: `user` is an id, empty for a caller without a token."""

    user: str
    is_admin: bool

    def owns(self, user: str) -> bool:
        return self.is_admin or self.user == user


@dataclass(frozen=True, slots=True, kw_only=True)
class Playlist:
    """`user` and `playlist` are ids. `revision` counts changes of what its owner decides, not of entries and followers."""

    user: str
    playlist: str
    title: str
    description: str
    visibility: Visibility
    create_time: datetime
    update_time: datetime
    entry_count: int = 0
    follower_count: int = 0
    revision: int = 1

    @property
    def etag(self) -> str:
        # The time tells apart two playlists that had the same name one after the other.
        return f"{int(self.create_time.timestamp() * 1_000_000):x}-{self.revision:x}"

    @property
    def is_public(self) -> bool:
        return self.visibility is Visibility.PUBLIC

    def require_readable_by(self, reader: Reader) -> None:
        """To others a private playlist does not exist."""
        if self.visibility is Visibility.PRIVATE and not reader.owns(self.user):
            raise PlaylistNotFound(self.user, self.playlist)

    def require_etag(self, etag: str) -> None:
        """An empty etag is any."""
        if etag and etag != self.etag:
            raise PlaylistChanged(self.user, self.playlist)

    def changed(self, changes: dict[str, Any], now: datetime) -> "Playlist":
        """With other title, description or visibility; itself when nothing changes."""
        after = replace(self, **changes)
        return self if after == self else replace(after, update_time=now, revision=self.revision + 1)


@dataclass(frozen=True, slots=True)
class Entry:
    """A movie of a playlist; entries are in the order of their ranks, of which no two are equal."""

    user: str
    playlist: str
    movie: KnownMovie
    rank: int
    add_time: datetime


def rank_between(before: int | None, after: int | None) -> int | None:
    """A rank between two neighbours, None standing for an end of the playlist; None when there is no room."""
    if before is None and after is None:
        return 0
    if before is None or after is None:
        rank = after - GAP if after is not None else (before or 0) + GAP
        return rank if abs(rank) <= LAST_RANK else None
    middle = (before + after) // 2
    return middle if before < middle else None


def spread_ranks(before: int | None, after: int | None, count: int) -> list[int] | None:
    """As many ranks between two neighbours, None standing for an end of the playlist, equally far apart; None when that is too near."""
    if before is None and after is None:
        return [number * GAP for number in range(1, count + 1)]
    low = before if before is not None else (after or 0) - (count + 1) * GAP
    high = after if after is not None else low + (count + 1) * GAP
    step = (high - low) // (count + 1)
    return None if step < _ENOUGH or max(-low, high) > LAST_RANK else [low + number * step for number in range(1, count + 1)]
