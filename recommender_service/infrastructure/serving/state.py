"""Everything that a replica keeps in memory: rebuilt from the database when it starts, then told of each change."""

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from recommender_service.domain.experiments import Experiment
from recommender_service.domain.interactions import Kind, interest_of, weight_of
from recommender_service.infrastructure.postgres.following import ChangesReader, NewInteraction, Snapshot
from recommender_service.infrastructure.postgres.interest import POPULAR_HALF_LIFE, TRENDING_HALF_LIFE
from recommender_service.infrastructure.serving.catalogue import KnownMovies, MovieRow
from recommender_service.infrastructure.serving.histories import Histories
from recommender_service.infrastructure.serving.model_store import ActiveModel, ModelStore
from recommender_service.infrastructure.serving.newcomers import Newcomers
from recommender_service.infrastructure.serving.popularity import Interest, KnownPopularity
from recommender_service.infrastructure.serving.tastes import Tastes
from recommender_service.infrastructure.serving.trial import RunningTrial

if TYPE_CHECKING:  # numpy comes with the first model, not with the process
    from recommender_service.infrastructure.serving.served_model import ServedModel

_log = structlog.get_logger(__name__)


class State:
    """`user_changed` and `all_changed` are told after each change, for what others have kept."""

    def __init__(
        self,
        changes: ChangesReader,
        store: ModelStore,
        *,
        find_experiment: Callable[[str], Awaitable[Experiment | None]],
        candidate_broken: Callable[[str, str], Awaitable[None]],
        user_changed: Callable[[str], None],
        all_changed: Callable[[], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._user_changed, self._all_changed = user_changed, all_changed
        self._since = now()
        self.catalogue = KnownMovies()
        self._popular = Interest(POPULAR_HALF_LIFE, self._since.timestamp(), self.catalogue)
        self._trending = Interest(TRENDING_HALF_LIFE, self._since.timestamp(), self.catalogue)
        self.popularity = KnownPopularity(self._popular, self._trending, self.catalogue)
        self.histories = Histories(self.catalogue.id_of)
        self.tastes = Tastes(self.histories, changes.history)
        self.model = ActiveModel(store, self.catalogue)
        self._newcomers = Newcomers(self.catalogue, self.tastes, changes.likers, self._served)
        self.trial = RunningTrial(store, self.catalogue, find_experiment, candidate_broken)

    async def rebuild(self, snapshot: Snapshot) -> None:
        """From nothing, before the first call."""
        started = time.monotonic()
        self.catalogue.apply([MovieRow(*row) async for row in snapshot.movies()])
        async for movie, region, popular, trending in snapshot.interest(self._since):
            self._popular.put(movie, region, popular)
            self._trending.put(movie, region, trending)
        users = 0
        async for user, records in snapshot.histories():
            self.histories.put(user, records)
            users += 1
        await self.follow_models(snapshot.positions.model_id, snapshot.positions.experiment_id)
        _log.info("state_rebuilt", seconds=round(time.monotonic() - started, 3), users=users, movies=len(self.catalogue))

    async def movies_changed(self, rows: Sequence[MovieRow]) -> None:
        self.catalogue.apply(rows)
        for model in self._served():
            await model.include(movie for row in rows if (movie := self.catalogue.find(row.movie_id)))
        self._newcomers.changed(row.movie_id for row in rows)
        self._all_changed()

    def interactions_came(self, interactions: Sequence[NewInteraction]) -> None:
        for each in interactions:
            movie = self.catalogue.id_of(each.movie_number)
            interest = interest_of(each.kind, each.value)
            self._popular.add(movie, each.region, interest, each.time)
            self._trending.add(movie, each.region, interest, each.time)
            if weight_of(each.kind, each.value) is not None or each.kind == Kind.UNRATING:
                self.histories.add(each.user, each.movie_number, each.kind, each.value, each.time)
                self.tastes.changed(each.user)
                self._user_changed(each.user)
                self._newcomers.changed((movie,))

    def forget(self, users: Sequence[str]) -> None:
        """Users who were erased. What they did goes on to count in what is popular, which knows nobody."""
        for user in users:
            self.histories.remove(user)
            self.tastes.changed(user)
            self._user_changed(user)

    async def follow_models(self, model_id: str | None, experiment_id: str | None) -> None:
        """What has ended goes first, so that an experiment never lasts longer than its control."""
        if self.trial.end_unless(experiment_id):
            self._all_changed()
        followed = await self.model.follow(model_id)
        if await self.trial.follow(experiment_id) or followed:
            self._newcomers.changed(movie.movie_id for movie in self.catalogue)
            self._all_changed()

    async def move_newcomers(self) -> None:
        if await self._newcomers.move():
            self._all_changed()

    def _served(self) -> Sequence["ServedModel"]:
        active, trial = self.model.current, self.trial.current
        return [*([active] if active else ()), *([trial.model] if trial else ())]

    def model_for(self, user: str) -> "ServedModel | None":
        """The candidate's for those who take part in an experiment that way, else the active one; the empty user is nobody."""
        trial = self.trial.current
        return trial.model if trial is not None and trial.experiment.shows_candidate(user) else self.model.current
