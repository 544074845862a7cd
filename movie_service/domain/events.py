"""What happened to a movie; each carries the movie after it."""

from dataclasses import dataclass

from movie_service.domain.movie import Movie


@dataclass(frozen=True, slots=True)
class MovieCreated:
    movie: Movie


@dataclass(frozen=True, slots=True)
class MovieUpdated:
    movie: Movie


@dataclass(frozen=True, slots=True)
class MovieDeleted:
    movie: Movie


@dataclass(frozen=True, slots=True)
class MovieUndeleted:
    movie: Movie


MovieEvent = MovieCreated | MovieUpdated | MovieDeleted | MovieUndeleted
