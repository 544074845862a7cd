"""What the use cases need from outside, in their own words."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from recommender_service.domain.events import ModelActivated
from recommender_service.domain.experiments import Experiment
from recommender_service.domain.interactions import Interaction, Taste
from recommender_service.domain.models import Model, Training
from recommender_service.domain.recommendation import Filters, Movie


class Ranked(NamedTuple):
    """A movie in a list; scores are comparable within one list only."""

    movie: str
    score: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a score is made of; movies and features with their parts, the largest first."""

    popularity: float
    history: Sequence[tuple[str, float]] = ()
    features: Sequence[tuple[str, float]] = ()


class RankingModel(Protocol):
    """One model, ready to rank. It knows the active movies of the catalogue, also those that came after its training."""

    @property
    def model_id(self) -> str: ...

    def knows(self, movie: str) -> bool: ...

    def is_new(self, movie: str) -> bool:
        """Whether the movie came after the training."""

    def rank(self, taste: Taste, count: int, exclude: Collection[str], filters: Filters, diversity: float) -> Sequence[Ranked]:
        """Best first; nothing that the taste has an opinion of."""

    def cold(self, genres: Sequence[str], count: int, exclude: Collection[str], filters: Filters) -> Sequence[Ranked]:
        """For somebody who has only chosen genres."""

    def similar(self, movie: str, count: int) -> Sequence[Ranked]:
        """Most alike first, with scores from 0 to 1."""

    def speaking_for(self, taste: Taste, movies: Sequence[str], count: int) -> Sequence[Sequence[str]]:
        """For each of these movies, which it knows, the liked ones that speak for it most, at most `count`."""

    def explain(self, taste: Taste, movie: str) -> Explanation | None:
        """None for a movie that the model does not know."""


class Catalogue(Protocol):
    """The active movies as this replica knows them."""

    def find(self, movie: str) -> Movie | None: ...

    def knows(self, movie: str) -> bool:
        """Whether there is or was such a movie."""


class Popularity(Protocol):
    """How much movies are watched and liked; scores are parts of the highest one's."""

    def popular(self, region: str, count: int, accept: Callable[[Movie], bool]) -> Sequence[Ranked]:
        """Active movies, the most popular first; of the whole world when the region is empty."""

    def trending(self, region: str, count: int) -> Sequence[Ranked]:
        """The same with much shorter memory; of the whole world when nothing is known of the region."""

    def knows(self, region: str) -> bool: ...

    def of(self, movie: str) -> float: ...


class Interactions(Protocol):
    """The append-only record, inside a transaction."""

    async def append(self, interactions: Sequence[Interaction]) -> None: ...


class Models(Protocol):
    """Models and trainings, inside a transaction that has them to itself."""

    async def find(self, model_id: str) -> Model | None: ...

    async def active(self) -> Model | None: ...

    async def previous(self) -> Model | None:
        """Of those that were active before, the one that was last."""

    async def save(self, model: Model) -> None:
        """Stores it, new or changed. The active one is saved as retired before another one as active."""

    async def unfinished_training(self) -> Training | None: ...

    async def training(self, training_id: str) -> Training | None: ...

    async def save_training(self, training: Training) -> None: ...


class Experiments(Protocol):
    """Experiments, inside a transaction that has them and the models to itself."""

    async def find(self, experiment_id: str) -> Experiment | None: ...

    async def running(self) -> Experiment | None: ...

    async def save(self, experiment: Experiment) -> None: ...


class UnitOfWork(Protocol):
    """One transaction."""

    @property
    def interactions(self) -> Interactions: ...

    @property
    def models(self) -> Models: ...

    @property
    def experiments(self) -> Experiments: ...

    def add_event(self, event: ModelActivated) -> None: ...
