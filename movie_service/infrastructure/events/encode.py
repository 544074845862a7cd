"""A domain event as the message that is published."""

from typing import Any, Final

from mesh.postgres.outbox import OutboxMessage, outbox_message
from movie_service.domain import events
from movie_service.infrastructure.grpc.translate import movie_to_proto
from reelmesh.movie.v1 import events_pb2

_KINDS: Final = {
    events.MovieCreated: events_pb2.MovieCreated,
    events.MovieUpdated: events_pb2.MovieUpdated,
    events.MovieDeleted: events_pb2.MovieDeleted,
    events.MovieUndeleted: events_pb2.MovieUndeleted,
}


def encode(event: Any) -> OutboxMessage:
    """Keyed by the movie's name; KeyError for what is no event of this context."""
    return outbox_message(_KINDS[type(event)](movie=movie_to_proto(event.movie)), event.movie.name)
