"""The directory of artefacts, and the model of it that this replica serves."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from recommender_service.domain.errors import ModelBroken
from recommender_service.infrastructure import metrics
from recommender_service.infrastructure.serving.catalogue import KnownMovies

if TYPE_CHECKING:  # numpy comes with the first model, not with the process
    from recommender_service.infrastructure.learning.model import Model
    from recommender_service.infrastructure.serving.served_model import ServedModel

_log = structlog.get_logger(__name__)


class ModelStore:
    """One directory for each model, of its id; shared by all replicas."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def path_of(self, model_id: str) -> Path:
        return self.directory / model_id

    async def load(self, model_id: str) -> "Model":
        """In a thread. Raises ModelBroken."""
        return await asyncio.to_thread(self._load, model_id)

    def _load(self, model_id: str) -> "Model":
        from recommender_service.infrastructure.learning.artefact import load
        from recommender_service.infrastructure.learning.errors import BrokenArtefact

        try:
            return load(self.path_of(model_id))
        except BrokenArtefact as error:
            raise ModelBroken(model_id, str(error)) from error


class ActiveModel:
    """`current` is swapped in one step: a list is made with one model from end to end."""

    def __init__(self, store: ModelStore, catalogue: KnownMovies) -> None:
        self._store, self._catalogue = store, catalogue
        self.current: ServedModel | None = None
        self._broken: str | None = None

    async def follow(self, model_id: str | None) -> bool:
        """Serves that model from now on; whether anything changed. One that cannot be loaded leaves the present one where it is."""
        if model_id is None or model_id == self._broken or (self.current is not None and self.current.model_id == model_id):
            return False
        from recommender_service.infrastructure.serving.served_model import ServedModel

        try:
            served = ServedModel(model_id, await self._store.load(model_id), self._catalogue)
        except ModelBroken as error:
            self._broken = model_id
            _log.error("model_broken", model=model_id, reason=error.reason, serving=self.current.model_id if self.current else "")
            return False
        await served.include(self._catalogue)
        self.current, self._broken = served, None
        trained = self._store.path_of(model_id).stat().st_mtime  # a directory appears whole, and nothing in it changes afterwards
        metrics.model_age.set_function(lambda: time.time() - trained)
        _log.info("model_served", model=model_id)
        return True
