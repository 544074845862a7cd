"""The experiment that runs, with its candidate in memory beside the active model."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from recommender_service.domain.errors import ModelBroken
from recommender_service.domain.experiments import Experiment
from recommender_service.infrastructure.serving.catalogue import KnownMovies
from recommender_service.infrastructure.serving.model_store import ModelStore

if TYPE_CHECKING:  # numpy comes with the first model, not with the process
    from recommender_service.infrastructure.serving.served_model import ServedModel

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Trial:
    """What runs, and the candidate's model."""

    experiment: Experiment
    model: "ServedModel"


class RunningTrial:
    """`current` is swapped in one step, like the active model. `find` reads an experiment; `broken` is told of one whose candidate cannot
    be loaded, and why."""

    def __init__(
        self,
        store: ModelStore,
        catalogue: KnownMovies,
        find: Callable[[str], Awaitable[Experiment | None]],
        broken: Callable[[str, str], Awaitable[None]],
    ) -> None:
        self._store, self._catalogue, self._find, self._broken = store, catalogue, find, broken
        self.current: Trial | None = None
        self._at: str | None = None

    def end_unless(self, experiment_id: str | None) -> bool:
        """Forgets the present one unless it is that one; whether it did. Two candidates are never in memory at once."""
        ended = self.current is not None and self.current.experiment.experiment_id != experiment_id
        if ended:
            self.current = None
        return ended

    async def follow(self, experiment_id: str | None) -> bool:
        """Takes part in that experiment; whether anything changed. One that cannot be loaded is told of once."""
        changed = self.end_unless(experiment_id)
        if experiment_id == self._at:
            return changed
        experiment = await self._find(experiment_id) if experiment_id is not None else None
        if experiment is not None:
            changed = await self._begin(experiment) or changed
        self._at = experiment_id
        return changed

    async def _begin(self, experiment: Experiment) -> bool:
        from recommender_service.infrastructure.serving.served_model import ServedModel

        try:
            served = ServedModel(experiment.candidate, await self._store.load(experiment.candidate), self._catalogue)
        except ModelBroken as error:
            _log.error("candidate_broken", experiment=experiment.experiment_id, model=experiment.candidate, reason=error.reason)
            await self._broken(experiment.experiment_id, error.reason)
            return False
        await served.include(self._catalogue)
        self.current = Trial(experiment, served)
        _log.info("experiment_begun", experiment=experiment.experiment_id, mode=experiment.mode.name, candidate=experiment.candidate)
        return True
