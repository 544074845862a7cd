"""Domain events as other contexts read them."""

from mesh.postgres.outbox import OutboxMessage, outbox_message
from metadata_service.domain.events import MovieMetadataChanged
from metadata_service.infrastructure.grpc.translate import to_message
from reelmesh.metadata.v1 import events_pb2


def encode(event: object) -> OutboxMessage:
    """Events of one movie stay in order."""
    if isinstance(event, MovieMetadataChanged):
        message = to_message(event.metadata)
        return outbox_message(events_pb2.MovieMetadataChanged(metadata=message), key=f"movies/{event.metadata.movie}")
    raise TypeError(f"{type(event).__name__} is not an event of this context")
