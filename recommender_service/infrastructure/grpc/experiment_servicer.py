"""ExperimentService."""

from collections.abc import Callable
from datetime import UTC, datetime

from mesh import paging
from mesh.call import Call
from mesh.ids import uuid7
from mesh.paging import cut, time_position
from mesh.postgres.idempotency import once
from recommender_service.application.experiment_commands import begin_experiment, stop_experiment
from recommender_service.domain.errors import ExperimentNotFound
from recommender_service.domain.experiments import Experiment, Mode
from recommender_service.infrastructure.grpc.experiment_translate import ab_report, experiment_message, shadow_report, trial_from
from recommender_service.infrastructure.grpc.names import id_of
from recommender_service.infrastructure.postgres.experiments import PostgresExperimentReader
from recommender_service.infrastructure.postgres.exposures import PostgresExposures
from recommender_service.infrastructure.postgres.unit_of_work import RecommenderUnitOfWork
from recommender_service.infrastructure.serving.loadable import Loadable
from reelmesh.recommender.v1.experiment_service_pb2 import (
    CreateExperimentRequest,
    CreateExperimentResponse,
    GetExperimentReportRequest,
    GetExperimentReportResponse,
    GetExperimentRequest,
    GetExperimentResponse,
    ListExperimentsRequest,
    ListExperimentsResponse,
    StopExperimentRequest,
    StopExperimentResponse,
)


class ExperimentServicer:
    """`reelmesh.recommender.v1.ExperimentService`. `now` gives the time in UTC, `new_id` the last part of a name."""

    def __init__(
        self,
        unit_of_work: Callable[[], RecommenderUnitOfWork],
        experiments: PostgresExperimentReader,
        exposures: PostgresExposures,
        loadable: Loadable,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = uuid7,
    ) -> None:
        self._unit_of_work, self._experiments, self._exposures, self._loadable = unit_of_work, experiments, exposures, loadable
        self._now, self._new_id = now, new_id

    async def CreateExperiment(self, request: CreateExperimentRequest, call: Call) -> CreateExperimentResponse:
        trial = trial_from(request.experiment, request.experiment_id or self._new_id())
        await self._loadable.require(trial.candidate)

        async def effect(uow: RecommenderUnitOfWork) -> CreateExperimentResponse:
            return CreateExperimentResponse(experiment=experiment_message(await begin_experiment(uow, trial, self._now())))

        return await once(self._unit_of_work, call, request, CreateExperimentResponse, effect)

    async def GetExperiment(self, request: GetExperimentRequest, call: Call) -> GetExperimentResponse:
        return GetExperimentResponse(experiment=experiment_message(await self._experiment(id_of(request.name))))

    async def ListExperiments(self, request: ListExperimentsRequest, call: Call) -> ListExperimentsResponse:
        size = paging.page_size(request.page_size)
        rows = await self._experiments.experiments(size + 1, time_position(request))
        page, token = cut(rows, size, request, lambda experiment: (experiment.create_time, experiment.experiment_id))
        return ListExperimentsResponse(experiments=map(experiment_message, page), next_page_token=token)

    async def StopExperiment(self, request: StopExperimentRequest, call: Call) -> StopExperimentResponse:
        async def effect(uow: RecommenderUnitOfWork) -> StopExperimentResponse:
            return StopExperimentResponse(experiment=experiment_message(await stop_experiment(uow, id_of(request.name), self._now())))

        return await once(self._unit_of_work, call, request, StopExperimentResponse, effect)

    async def GetExperimentReport(self, request: GetExperimentReportRequest, call: Call) -> GetExperimentReportResponse:
        experiment = await self._experiment(id_of(request.name).removesuffix("/report"))
        if experiment.mode is Mode.SHADOW:
            report = shadow_report(experiment, await self._exposures.comparisons(experiment.experiment_id))
        else:
            report = ab_report(experiment, *await self._exposures.arms(experiment, self._now()))
        return GetExperimentReportResponse(report=report)

    async def _experiment(self, experiment_id: str) -> Experiment:
        experiment = await self._experiments.experiment(experiment_id)
        if experiment is None:
            raise ExperimentNotFound(experiment_id)
        return experiment
