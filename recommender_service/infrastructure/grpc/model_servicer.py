"""ModelService."""

from collections.abc import Callable
from datetime import UTC, datetime

from mesh import paging
from mesh.call import Call
from mesh.ids import uuid7
from mesh.paging import cut, time_position
from mesh.postgres.idempotency import once
from recommender_service.application.model_commands import activate_model, ask_for_training, previous_model
from recommender_service.domain.errors import ModelNotFound, TrainingNotFound
from recommender_service.domain.models import Training, TrainingState
from recommender_service.infrastructure.grpc.names import id_of
from recommender_service.infrastructure.grpc.translate import model_message, training_message
from recommender_service.infrastructure.postgres.models import PostgresModelReader
from recommender_service.infrastructure.postgres.unit_of_work import RecommenderUnitOfWork
from recommender_service.infrastructure.serving.loadable import Loadable
from reelmesh.recommender.v1.model_service_pb2 import (
    ActivateModelRequest,
    ActivateModelResponse,
    GetModelRequest,
    GetModelResponse,
    GetTrainingRequest,
    GetTrainingResponse,
    ListModelsRequest,
    ListModelsResponse,
    ListTrainingsRequest,
    ListTrainingsResponse,
    RollbackModelRequest,
    RollbackModelResponse,
    TrainModelRequest,
    TrainModelResponse,
)


class ModelServicer:
    """`reelmesh.recommender.v1.ModelService`. `tolerance` is the gate's; `now` gives the time in UTC, `new_id` the last part of a name."""

    def __init__(
        self,
        unit_of_work: Callable[[], RecommenderUnitOfWork],
        models: PostgresModelReader,
        loadable: Loadable,
        tolerance: float,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = uuid7,
    ) -> None:
        self._unit_of_work, self._models, self._loadable, self._tolerance = unit_of_work, models, loadable, tolerance
        self._now, self._new_id = now, new_id

    async def TrainModel(self, request: TrainModelRequest, call: Call) -> TrainModelResponse:
        async def effect(uow: RecommenderUnitOfWork) -> TrainModelResponse:
            wanted = Training(
                training_id=self._new_id(),
                model_id=request.model_id or self._new_id(),
                state=TrainingState.PENDING,
                create_time=self._now(),
                seed=request.seed,
                keep_inactive=request.keep_inactive,
            )
            return TrainModelResponse(training=training_message(await ask_for_training(uow, wanted)))

        return await once(self._unit_of_work, call, request, TrainModelResponse, effect)

    async def GetTraining(self, request: GetTrainingRequest, call: Call) -> GetTrainingResponse:
        training = await self._models.training(id_of(request.name))
        if training is None:
            raise TrainingNotFound(id_of(request.name))
        return GetTrainingResponse(training=training_message(training))

    async def ListTrainings(self, request: ListTrainingsRequest, call: Call) -> ListTrainingsResponse:
        size = paging.page_size(request.page_size)
        rows = await self._models.trainings(size + 1, time_position(request))
        page, token = cut(rows, size, request, lambda training: (training.create_time, training.training_id))
        return ListTrainingsResponse(trainings=map(training_message, page), next_page_token=token)

    async def GetModel(self, request: GetModelRequest, call: Call) -> GetModelResponse:
        model = await self._models.model(id_of(request.name))
        if model is None:
            raise ModelNotFound(id_of(request.name))
        return GetModelResponse(model=model_message(model))

    async def ListModels(self, request: ListModelsRequest, call: Call) -> ListModelsResponse:
        size = paging.page_size(request.page_size)
        rows = await self._models.models(size + 1, time_position(request))
        page, token = cut(rows, size, request, lambda model: (model.create_time, model.model_id))
        return ListModelsResponse(models=map(model_message, page), next_page_token=token)

    async def ActivateModel(self, request: ActivateModelRequest, call: Call) -> ActivateModelResponse:
        model_id = id_of(request.name)
        await self._loadable.require(model_id)

        async def effect(uow: RecommenderUnitOfWork) -> ActivateModelResponse:
            return ActivateModelResponse(model=model_message(await activate_model(uow, model_id, self._tolerance, self._now())))

        return await once(self._unit_of_work, call, request, ActivateModelResponse, effect)

    async def RollbackModel(self, request: RollbackModelRequest, call: Call) -> RollbackModelResponse:
        expected = await self._models.previous()
        if expected is not None:
            await self._loadable.require(expected.model_id)

        async def effect(uow: RecommenderUnitOfWork) -> RollbackModelResponse:
            previous = await previous_model(uow)
            return RollbackModelResponse(model=model_message(await activate_model(uow, previous.model_id, self._tolerance, self._now())))

        return await once(self._unit_of_work, call, request, RollbackModelResponse, effect)
