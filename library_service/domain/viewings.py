"""How far a user has watched a movie, and when it counts as watched."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from library_service.domain.errors import ViewingContradicts
from library_service.domain.movies import KnownMovie

MOST_VIEWINGS: Final = 100_000
FINISHED_SHARE: Final = 0.9  # the rest is credits
LONGEST: Final = timedelta(hours=100)
# Clocks differ.
_AHEAD: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Watched:
    """What a player says: `position` of `duration` at `time`."""

    position: timedelta
    duration: timedelta
    time: datetime

    @property
    def share(self) -> float:
        return self.position / self.duration

    def require_sound(self, now: datetime) -> None:
        flaws = []
        if not timedelta() < self.duration <= LONGEST:
            flaws.append(("duration", "must be more than nothing and at most 100 hours"))
        if not timedelta() <= self.position <= self.duration:
            flaws.append(("position", "must be between nothing and the duration"))
        if self.time > now + _AHEAD:
            flaws.append(("view_time", "lies in the future"))
        if flaws:
            raise ViewingContradicts(flaws)


@dataclass(frozen=True, slots=True)
class Viewing:
    """Of one user and movie; `duration` is None when it was only said to be watched."""

    user: str
    movie: KnownMovie
    position: timedelta
    duration: timedelta | None
    finished: bool
    view_count: int
    view_time: datetime

    @property
    def watched_share(self) -> float:
        if self.finished and self.duration is None:
            return 1.0
        return self.position / self.duration if self.duration else 0.0

    def after(self, watched: Watched) -> "Viewing":
        """The viewing after what a player said; itself when something later was said before."""
        if watched.time < self.view_time:
            return self
        finished = watched.share >= FINISHED_SHARE
        # Going on behind the credits is no second viewing: that begins when the movie is left unfinished again.
        again = finished and not self.finished
        return replace(
            self,
            position=watched.position,
            duration=watched.duration,
            finished=finished,
            view_count=self.view_count + again,
            view_time=watched.time,
        )

    def is_news_after(self, before: "Viewing | None") -> bool:
        """Whether others are told: of each tenth of the movie, not of each word of a player."""
        if before is None or before.finished != self.finished:
            return True
        return int(10 * before.watched_share) != int(10 * self.watched_share)


def first_viewing(user: str, movie: KnownMovie, watched: Watched) -> Viewing:
    finished = watched.share >= FINISHED_SHARE
    return Viewing(user, movie, watched.position, watched.duration, finished, int(finished), watched.time)
