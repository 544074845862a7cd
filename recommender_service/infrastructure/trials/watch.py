"""What a list has to do with the experiment that runs."""

import random
from collections.abc import Callable
from datetime import UTC, datetime

from recommender_service.application.ports import RankingModel
from recommender_service.application.recommending import RecommendedList, Wish
from recommender_service.domain.experiments import Exposure, Mode
from recommender_service.domain.interactions import Taste
from recommender_service.infrastructure import metrics
from recommender_service.infrastructure.serving.state import State
from recommender_service.infrastructure.trials.log import TrialLog
from recommender_service.infrastructure.trials.shadow import Shadow, Waiting


class TrialWatch:
    """`chance` gives numbers from 0 to 1, `now` the time in UTC."""

    def __init__(
        self,
        state: State,
        log: TrialLog,
        shadow: Shadow,
        chance: Callable[[], float] = random.random,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._state, self._log, self._shadow, self._chance, self._now = state, log, shadow, chance, now

    def listed(self, user: str, wish: Wish, taste: Taste, made: RecommendedList, model: RankingModel | None) -> None:
        """Of a list that was made with `model`; the empty user is nobody in particular."""
        trial = self._state.trial.current
        if trial is None or model is None:
            return
        experiment = trial.experiment
        if experiment.mode is Mode.SHADOW:
            if self._chance() < experiment.share:
                self._shadow.offer(Waiting(experiment.experiment_id, wish, taste, model, trial.model))
            return
        candidate = experiment.shows_candidate(user)
        # A replica that has not loaded the right model yet, or not any more, shows another one: that is no part of the experiment.
        if user and made.model_id == (experiment.candidate if candidate else experiment.control):
            metrics.experiment_lists.labels("candidate" if candidate else "control", made.level.name).inc()
            movies = self._state.catalogue.numbers_of(item.movie for item in made.items)
            self._log.exposed(Exposure(experiment.experiment_id, user, candidate, movies, self._now()))
