"""Domain events as they are published."""

from mesh.postgres.outbox import OutboxMessage, outbox_message
from recommender_service.domain.events import ModelActivated
from recommender_service.infrastructure.grpc.translate import model_message
from reelmesh.recommender.v1 import events_pb2

_KEY = "models"  # one key for all: activations stay in their order


def encode(event: object) -> OutboxMessage:
    if isinstance(event, ModelActivated):
        return outbox_message(events_pb2.ModelActivated(model=model_message(event.model)), _KEY)
    raise TypeError(f"{type(event).__name__} is not an event of this context")
