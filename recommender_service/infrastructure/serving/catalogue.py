"""The movies as this replica knows them, by the numbers and by the ids that they have."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from sys import intern

from recommender_service.domain.recommendation import Movie


@dataclass(frozen=True, slots=True)
class MovieRow:
    """A movie as it is stored; genres that its metadata tell go before those of the movie."""

    number: int
    movie_id: str
    active: bool
    genres: Sequence[str]
    told_genres: Sequence[str]
    year: int
    language: str
    countries: Sequence[str]
    change: int


class KnownMovies:
    """The port Catalogue. `revision` grows with every change."""

    def __init__(self) -> None:
        self._ids: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._active: dict[str, Movie] = {}
        self.revision = 0

    def __len__(self) -> int:
        return len(self._active)

    def __iter__(self) -> Iterator[Movie]:
        return iter(self._active.values())

    def apply(self, rows: Iterable[MovieRow]) -> None:
        for row in rows:
            self._ids[row.number] = row.movie_id
            self._numbers[row.movie_id] = row.number
            if row.active:
                genres = tuple(map(intern, row.told_genres or row.genres))
                self._active[row.movie_id] = Movie(
                    row.movie_id, genres, row.year, intern(row.language.lower()), tuple(map(intern, row.countries))
                )
            else:
                self._active.pop(row.movie_id, None)
        self.revision += 1

    def find(self, movie: str) -> Movie | None:
        return self._active.get(movie)

    def knows(self, movie: str) -> bool:
        return movie in self._numbers

    def numbers_of(self, movies: Iterable[str]) -> tuple[int, ...]:
        """Of those that are known."""
        return tuple(number for movie in movies if (number := self._numbers.get(movie)) is not None)

    def id_of(self, number: int) -> str:
        return self._ids[number]
