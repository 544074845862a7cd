"""A catalogue, a popularity and a model that can be written down in a line."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from recommender_service.application.ports import Explanation, Ranked
from recommender_service.domain.interactions import Taste
from recommender_service.domain.recommendation import Filters, Movie


@dataclass
class FakeCatalogue:
    movies: Mapping[str, Movie]

    @classmethod
    def of(cls, **genres: str) -> "FakeCatalogue":
        """Movies by id, genres with spaces between."""
        return cls({movie: Movie(movie, tuple(names.split()), 2000) for movie, names in genres.items()})

    def find(self, movie: str) -> Movie | None:
        return self.movies.get(movie)

    def knows(self, movie: str) -> bool:
        return movie in self.movies


@dataclass
class FakePopularity:
    """Movies in their order, everywhere (the empty region) and by region."""

    catalogue: FakeCatalogue
    order: Mapping[str, str]

    def popular(self, region: str, count: int, accept: Callable[[Movie], bool]) -> Sequence[Ranked]:
        movies = [movie for movie in self.order.get(region, "").split() if accept(self.catalogue.movies[movie])]
        return [Ranked(movie, 1 / place) for place, movie in enumerate(movies[:count], start=1)]

    def trending(self, region: str, count: int) -> Sequence[Ranked]:
        return self.popular(region, count, lambda movie: True)

    def knows(self, region: str) -> bool:
        return bool(region) and region in self.order

    def of(self, movie: str) -> float:
        return 0.5


@dataclass
class FakeModel:
    """Ranks its movies in their order. `because` says which liked movie speaks for all of them."""

    movies: Sequence[str]
    because: str = ""
    new: Collection[str] = ()
    model_id: str = "m1"
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def knows(self, movie: str) -> bool:
        return movie in self.movies

    def is_new(self, movie: str) -> bool:
        return movie in self.new

    def rank(self, taste: Taste, count: int, exclude: Collection[str], filters: Filters, diversity: float) -> Sequence[Ranked]:
        known = {opinion.movie for opinion in taste.opinions}
        return self._ranked(count, {*exclude, *known})

    def cold(self, genres: Sequence[str], count: int, exclude: Collection[str], filters: Filters) -> Sequence[Ranked]:
        self.asked.append(tuple(genres))
        return self._ranked(count, exclude)

    def similar(self, movie: str, count: int) -> Sequence[Ranked]:
        return self._ranked(count, {movie})

    def speaking_for(self, taste: Taste, movies: Sequence[str], count: int) -> Sequence[Sequence[str]]:
        return [(self.because,) if self.because else ()] * len(movies)

    def explain(self, taste: Taste, movie: str) -> Explanation | None:
        return Explanation(0.1, ((self.because, 0.5),) if self.because else ())

    def _ranked(self, count: int, exclude: Collection[str]) -> Sequence[Ranked]:
        left = [movie for movie in self.movies if movie not in exclude]
        return [Ranked(movie, 5.0 - place) for place, movie in enumerate(left[:count])]
