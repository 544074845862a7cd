"""What the use cases need from outside.

Documents of other contexts pass through as they came (the type variables): we compose them, we do not look into them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Protocol, TypeVar

from movie_service.domain.movie import Movie

SummaryT_co = TypeVar("SummaryT_co", covariant=True)
RatingT_co = TypeVar("RatingT_co", covariant=True)
DocumentT_co = TypeVar("DocumentT_co", covariant=True)


class Movies(Protocol):
    """Movies inside a unit of work."""

    async def find(self, movie_ids: Collection[str]) -> Mapping[str, Movie]:
        """Those that exist, by id; nobody else changes them before this unit of work ends."""

    async def add(self, movies: Collection[Movie]) -> Collection[str]:
        """Stores new ones; the ids that were still free. What has a taken id is not stored."""

    async def save(self, movies: Collection[Movie]) -> None:
        """Stores movies that were found here."""


class UnitOfWork(Protocol):
    """What is done in it happens whole or not at all; committed by whoever made it."""

    @property
    def movies(self) -> Movies: ...

    def add_event(self, event: object) -> None: ...


class Order(Enum):
    """What a list of movies is sorted by; equal ones by id."""

    ID = "id"
    TITLE = "title"
    RELEASE_YEAR = "release_year"
    CREATE_TIME = "create_time"


@dataclass(frozen=True, slots=True)
class Listing:
    """Which movies, and in which order."""

    order: Order = Order.ID
    descending: bool = False
    with_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a listing: the value that it is sorted by, and the id."""

    value: str | int | datetime
    id: str

    @classmethod
    def of(cls, movie: Movie, order: Order) -> "Position":
        match order:
            case Order.ID:
                return cls(movie.id, movie.id)
            case Order.TITLE:
                return cls(movie.facts.title, movie.id)
            case Order.RELEASE_YEAR:
                return cls(movie.facts.release_year, movie.id)
            case Order.CREATE_TIME:
                return cls(movie.create_time, movie.id)


class Catalogue(Protocol):
    """Movies as they are now, outside any unit of work."""

    async def find(self, movie_id: str) -> Movie | None: ...

    async def find_many(self, movie_ids: Collection[str]) -> Mapping[str, Movie]:
        """Those that exist, deleted ones too, by id."""

    async def page(self, listing: Listing, after: Position | None, size: int) -> Sequence[Movie]:
        """At most `size` movies behind `after`, from the first one on without it."""

    async def latest(self, until: date, size: int) -> Sequence[str]:
        """Ids of active movies released by then, the latest first."""


@dataclass(frozen=True, slots=True)
class CardRating:
    """What a card says of the ratings."""

    mean: float
    count: int


@dataclass(frozen=True, slots=True)
class CardText:
    """What a card shows in the caller's language; empty where there is nothing."""

    title: str
    poster_uri: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """A movie like another one, and how much (0 to 1)."""

    movie_id: str
    score: float


class Ratings(Protocol[SummaryT_co, RatingT_co]):
    """The rating context."""

    async def summary(self, movie_id: str) -> SummaryT_co: ...

    async def own_rating(self, movie_id: str, user: str) -> RatingT_co | None:
        """What `users/{user}` gave; None without a rating."""


class RatingCards(Protocol):
    """The rating context, for many movies at once."""

    async def top_rated(self, size: int) -> Sequence[str]:
        """Ids, the highest Bayesian mean first."""

    async def cards(self, movie_ids: Collection[str]) -> Mapping[str, CardRating]:
        """In one call; movies without ratings are left out."""


class Metadata(Protocol[DocumentT_co]):
    """The metadata context; texts are in the languages of the current call."""

    async def document(self, movie_id: str) -> DocumentT_co | None:
        """None when nothing is told about the movie."""


class MetadataCards(Protocol):
    """The metadata context, for many movies at once."""

    async def cards(self, movie_ids: Collection[str]) -> Mapping[str, CardText]:
        """In one call, in the languages of the current call; movies without metadata are left out."""


class SimilarMovies(Protocol):
    """The recommender context, for one movie."""

    async def similar(self, movie_id: str, size: int) -> Sequence[Likeness]:
        """Most alike first."""


class Recommended(Protocol):
    """The recommender context, for rows; ids, the best first."""

    async def for_caller(self, size: int) -> Sequence[str]:
        """For the caller of the current call."""

    async def trending(self, size: int) -> Sequence[str]: ...
