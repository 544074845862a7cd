"""Puts the context together."""

import os

from mesh import personal_data
from mesh.events.batch_consumer import BatchConsumer
from mesh.events.relay import Relay
from mesh.server import Foundation, Service
from recommender_service.application.recommending import Recommending
from recommender_service.infrastructure.events.encode import encode
from recommender_service.infrastructure.events.projection import EVENTS, project
from recommender_service.infrastructure.grpc.answers import Answers
from recommender_service.infrastructure.grpc.errors import ERRORS
from recommender_service.infrastructure.grpc.model_servicer import ModelServicer
from recommender_service.infrastructure.grpc.recommender_servicer import RecommenderServicer
from recommender_service.infrastructure.grpc.recording import Recording
from recommender_service.infrastructure.observed import Observed
from recommender_service.infrastructure.personal_data import RecommenderData
from recommender_service.infrastructure.postgres.following import ChangesReader
from recommender_service.infrastructure.postgres.models import PostgresModelReader
from recommender_service.infrastructure.postgres.unit_of_work import RecommenderUnitOfWork
from recommender_service.infrastructure.serving.follower import Follower
from recommender_service.infrastructure.serving.model_store import ModelStore
from recommender_service.infrastructure.serving.state import State
from recommender_service.infrastructure.settings import RecommenderSettings
from recommender_service.infrastructure.training.trainer import Trainer, TrainerSettings
from reelmesh.recommender.v1 import model_service_pb2, recommender_service_pb2

MIGRATIONS = "recommender_service.infrastructure.migrations"


def build(foundation: Foundation) -> Service:
    return build_with(foundation, RecommenderSettings.of(os.environ))


def build_with(foundation: Foundation, settings: RecommenderSettings) -> Service:
    database, bus = foundation.database, foundation.bus

    def unit_of_work() -> RecommenderUnitOfWork:
        return RecommenderUnitOfWork(database, encode)

    changes, models, store, answers = ChangesReader(database), PostgresModelReader(database), ModelStore(settings.models_dir), Answers()
    state = State(changes, store, user_changed=answers.user_changed, all_changed=answers.clear)
    data = RecommenderData(database)
    follower = Follower(database, changes, state)
    recommending = Recommending(lambda: state.model.current, state.popularity, state.catalogue)
    recording = Recording(unit_of_work, state.catalogue)
    training = TrainerSettings(interval=settings.training_interval, tolerance=settings.gate_tolerance)
    return Service(
        servicers={
            recommender_service_pb2.DESCRIPTOR.services_by_name["RecommenderService"]: RecommenderServicer(
                state, recommending, changes, recording, answers, Observed(lambda: len(state.catalogue))
            ),
            model_service_pb2.DESCRIPTOR.services_by_name["ModelService"]: ModelServicer(
                unit_of_work, models, store, settings.gate_tolerance
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
            Trainer(database, unit_of_work, models, changes, store, training),
        ],
    )
