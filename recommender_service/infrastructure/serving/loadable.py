"""Makes sure that a model can be loaded before anybody is to be answered with it."""

from collections.abc import Callable

from recommender_service.application.model_commands import refuse_model
from recommender_service.domain.errors import ModelBroken
from recommender_service.domain.models import ModelState
from recommender_service.infrastructure.postgres.models import PostgresModelReader
from recommender_service.infrastructure.postgres.unit_of_work import RecommenderUnitOfWork
from recommender_service.infrastructure.serving.model_store import ModelStore


class Loadable:
    """Before the transaction that needs it: loading takes as long as the model is large."""

    def __init__(self, unit_of_work: Callable[[], RecommenderUnitOfWork], models: PostgresModelReader, store: ModelStore) -> None:
        self._unit_of_work, self._models, self._store = unit_of_work, models, store

    async def require(self, model_id: str) -> None:
        """Raises ModelBroken for one whose files are broken, and has that written down. Those that may not be served anyway, or are
        already, or do not exist, are left to the transaction."""
        model = await self._models.model(model_id)
        if model is None or model.state not in (ModelState.TRAINED, ModelState.RETIRED):
            return
        try:
            await self._store.load(model_id)
        except ModelBroken as error:
            async with self._unit_of_work() as uow:
                await refuse_model(uow, model_id, error.reason)
                await uow.commit()
            raise
