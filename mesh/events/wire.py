"""How an event looks on the wire: its subject, its headers, and what a handler is told about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from google.protobuf.message import DecodeError, Message

MESSAGE_ID = "Nats-Msg-Id"
TYPE = "reelmesh-type"
KEY = "reelmesh-key"
TIME = "reelmesh-time"
TRACEPARENT = "traceparent"

_TYPE_NAME = re.compile(r"reelmesh\.([a-z_]+)\.v\d+\.([A-Za-z0-9]+)")


class MalformedEventError(Exception):
    """The bytes or the headers are not an event that this consumer can read; trying again would not help."""


@dataclass(frozen=True, slots=True)
class EventMeta:
    """`time` is when the event was written to its outbox; `event_id` is the same however often it is delivered."""

    event_id: str
    type_name: str
    key: str
    time: datetime
    traceparent: str
    stream_sequence: int = 0


def subject_of(type_name: str) -> str:
    """`reelmesh.movie.v1.MovieCreated` → `events.movie.MovieCreated`; ValueError for a name of another shape."""
    matched = _TYPE_NAME.fullmatch(type_name)
    if matched is None:
        raise ValueError(f"{type_name!r} is not reelmesh.<context>.v<n>.<Event>")
    return f"events.{matched[1]}.{matched[2]}"


def read_event(
    types: Mapping[str, type[Message]], headers: Mapping[str, str] | None, payload: bytes, stream_sequence: int
) -> tuple[Message, EventMeta]:
    """The event and what is known about it; MalformedEventError when it is not one of `types`."""
    headers = headers or {}
    try:
        type_name = headers[TYPE]
        meta = EventMeta(
            headers[MESSAGE_ID],
            type_name,
            headers[KEY],
            datetime.fromisoformat(headers[TIME]),
            headers.get(TRACEPARENT, ""),
            stream_sequence,
        )
        return types[type_name].FromString(payload), meta
    except KeyError as error:
        raise MalformedEventError(f"no such header or type: {error}") from error
    except (DecodeError, ValueError) as error:
        raise MalformedEventError(f"{type(error).__name__}: {error}") from error
