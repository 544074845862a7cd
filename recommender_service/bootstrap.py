"""Puts the context together."""

import os
from datetime import UTC, datetime

from mesh import personal_data
from mesh.events.batch_consumer import BatchConsumer
from mesh.events.relay import Relay
from mesh.server import Foundation, Service
from recommender_service.application.experiment_commands import fail_experiment
from recommender_service.application.recommending import Recommending
from recommender_service.infrastructure.events.encode import encode
from recommender_service.infrastructure.events.projection import EVENTS, project
from recommender_service.infrastructure.grpc.answers import Answers
from recommender_service.infrastructure.grpc.errors import ERRORS
from recommender_service.infrastructure.grpc.experiment_servicer import ExperimentServicer
from recommender_service.infrastructure.grpc.model_servicer import ModelServicer
from recommender_service.infrastructure.grpc.recommender_servicer import RecommenderServicer
from recommender_service.infrastructure.grpc.recording import Recording
from recommender_service.infrastructure.observed import Observed
from recommender_service.infrastructure.personal_data import RecommenderData
from recommender_service.infrastructure.postgres.experiments import PostgresExperimentReader
from recommender_service.infrastructure.postgres.exposures import PostgresExposures
from recommender_service.infrastructure.postgres.following import ChangesReader
from recommender_service.infrastructure.postgres.models import PostgresModelReader
from recommender_service.infrastructure.postgres.unit_of_work import RecommenderUnitOfWork
from recommender_service.infrastructure.serving.follower import Follower
from recommender_service.infrastructure.serving.loadable import Loadable
from recommender_service.infrastructure.serving.model_store import ModelStore
from recommender_service.infrastructure.serving.state import State
from recommender_service.infrastructure.settings import RecommenderSettings
from recommender_service.infrastructure.training.trainer import Trainer, TrainerSettings
from recommender_service.infrastructure.trials.log import TrialLog
from recommender_service.infrastructure.trials.shadow import Shadow
from recommender_service.infrastructure.trials.watch import TrialWatch
from reelmesh.recommender.v1 import experiment_service_pb2, model_service_pb2, recommender_service_pb2


def build(foundation: Foundation) -> Service:
    return build_with(foundation, RecommenderSettings.of(os.environ))


def build_with(foundation: Foundation, settings: RecommenderSettings) -> Service:
    database, bus = foundation.database, foundation.bus

    def unit_of_work() -> RecommenderUnitOfWork:
        return RecommenderUnitOfWork(database, encode)

    async def candidate_broken(experiment_id: str, reason: str) -> None:
        async with unit_of_work() as uow:
            await fail_experiment(uow, experiment_id, reason, datetime.now(UTC))
            await uow.commit()

    changes, models, store, answers = ChangesReader(database), PostgresModelReader(database), ModelStore(settings.models_dir), Answers()
    experiments, exposures, loadable = (
        PostgresExperimentReader(database),
        PostgresExposures(database),
        Loadable(unit_of_work, models, store),
    )
    state = State(
        changes,
        store,
        find_experiment=experiments.experiment,
        candidate_broken=candidate_broken,
        user_changed=answers.user_changed,
        all_changed=answers.clear,
    )
    data = RecommenderData(database)
    follower = Follower(database, changes, state)
    recommending = Recommending(state.popularity, state.catalogue)
    log = TrialLog(exposures)
    shadow = Shadow(recommending, log)
    recording = Recording(unit_of_work, state.catalogue)
    training = TrainerSettings(
        interval=settings.training_interval,
        tolerance=settings.gate_tolerance,
        backend=settings.training_backend,
        master=settings.spark_master,
    )
    return Service(
        servicers={
            recommender_service_pb2.DESCRIPTOR.services_by_name["RecommenderService"]: RecommenderServicer(
                state,
                recommending,
                changes,
                recording,
                answers,
                Observed(lambda: len(state.catalogue)),
                TrialWatch(state, log, shadow),
            ),
            model_service_pb2.DESCRIPTOR.services_by_name["ModelService"]: ModelServicer(
                unit_of_work, models, loadable, settings.gate_tolerance
            ),
            experiment_service_pb2.DESCRIPTOR.services_by_name["ExperimentService"]: ExperimentServicer(
                unit_of_work, experiments, exposures, loadable
            ),
            personal_data.SERVICE: personal_data.PersonalDataServicer(data),
        },
        errors=ERRORS,
        prepare=follower.prepare,
        background=[
            Relay(database, bus, "recommender", tracing=foundation.tracing),
            BatchConsumer("recommender", database, bus, EVENTS, project, tracing=foundation.tracing),
            personal_data.erasure_consumer("recommender", database, bus, data, tracing=foundation.tracing),
            follower,
            log,
            shadow,
            Trainer(database, unit_of_work, models, changes, store, training),
        ],
    )
