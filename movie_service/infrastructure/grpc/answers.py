"""Answers kept ready in this process, and what makes each of them old."""

from datetime import timedelta
from typing import NamedTuple

from mesh.cache import Cache
from reelmesh.movie.v1.movie_service_pb2 import GetHomeResponse, GetMovieDetailsResponse, GetMovieResponse

_MOVIE_TTL = timedelta(minutes=10).total_seconds()
_DETAILS_TTL = timedelta(minutes=2).total_seconds()
# Nothing invalidates a home page when a rating changes: it is made anew often instead.
_HOME_TTL = timedelta(seconds=10).total_seconds()


class DetailsKey(NamedTuple):
    """One movie as readers of these languages see it; lower case, best first."""

    name: str
    languages: tuple[str, ...]


class HomeKey(NamedTuple):
    """What everybody sees of the home page."""

    languages: tuple[str, ...]
    row_size: int


class Beside(NamedTuple):
    """A movie that is shown on the page of another one."""

    name: str


class Answers:
    """Messages that are answered as they are: nobody may change one. Names of movies are the tags."""

    def __init__(self) -> None:
        self.movies = Cache[str, GetMovieResponse](10_000, _MOVIE_TTL, name="movies")
        self.details = Cache[DetailsKey, GetMovieDetailsResponse](2_000, _DETAILS_TTL, name="details")
        self.home = Cache[HomeKey, GetHomeResponse](200, _HOME_TTL, name="home")

    def movie_changed(self, name: str) -> None:
        self.movies.invalidate(name)
        self.details.invalidate(name)
        self.details.invalidate(Beside(name))
        self.home.invalidate(name)

    def told_about_changed(self, name: str) -> None:
        """Another context changed what it tells about the movie."""
        self.details.invalidate(name)

    def recommendations_changed(self) -> None:
        """Another model says what is similar and what is for whom."""
        self.details.clear()
        self.home.clear()

    def clear(self) -> None:
        self.movies.clear()
        self.details.clear()
        self.home.clear()
