"""Who makes a model of what people think of movies: here, or on Spark."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Protocol

from recommender_service.infrastructure.learning.data import Catalogue, Interaction, Interactions
from recommender_service.infrastructure.learning.evaluation.gate import hold_out, metrics
from recommender_service.infrastructure.learning.model import Model
from recommender_service.infrastructure.learning.parameters import Parameters
from recommender_service.infrastructure.learning.train import train

EMBEDDED: Final = "embedded"
SPARK: Final = "spark"

Tell = Callable[[float, str], None]  # how much is done, 0 to 1, and what is going on
_MEASURED: Final = 0.5


class Backend(Protocol):
    """What comes out is served the same way, whoever made it."""

    def learn(self, opinions: Iterable[Interaction], catalogue: Catalogue, parameters: Parameters, tell: Tell) -> Model:
        """The model of all, with the metrics that one of the first part had on the rest. `opinions` come user by user, at most one for each
        movie. Raises NothingToLearn, Diverged, BackendMissing."""


class Embedded:
    """In this process: everything fits into its memory."""

    def learn(self, opinions: Iterable[Interaction], catalogue: Catalogue, parameters: Parameters, tell: Tell) -> Model:
        interactions = Interactions.of(opinions)
        known, hidden = hold_out(interactions)
        tell(0.0, "measuring")
        measured = train(known, catalogue, parameters, progress=between(0.0, _MEASURED, tell))
        figures = metrics(measured, known, hidden)
        del measured
        model = train(interactions, catalogue, parameters, progress=between(_MEASURED, 1.0, tell))
        return model.with_metrics(figures)


def backend_of(name: str, master: str, staging: Path) -> Backend:
    """`master` is Spark's; `staging` a directory for its rows, which does not exist yet and which its workers can read."""
    if name == EMBEDDED:
        return Embedded()
    from recommender_service.infrastructure.learning.spark.backend import Spark  # only there is pyspark needed

    return Spark(master, staging)


def between(low: float, high: float, tell: Tell) -> Tell:
    """Tells of a part of the work."""
    return lambda share, stage: tell(low + (high - low) * share, stage)
