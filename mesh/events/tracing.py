"""Events carry on the trace of the request that caused them: one span where one is published, one where it is handled.

https://opentelemetry.io/docs/specs/semconv/messaging/
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry.trace import Span, SpanKind

from mesh.call import Call, Deadline, Principal, TraceContext, current_call
from mesh.events.wire import EventMeta, subject_of
from mesh.tracing import Recording, Tracing, current_recording, finish, is_sampled, traceparent_of

_SECONDS = 30.0
_ROLES = frozenset({"SERVICE"})


def publishing(tracing: Tracing | None, event_id: str, type_name: str, traceparent: str) -> Span | None:
    """The span of an event's way into the stream; None for one whose trace is not recorded."""
    if tracing is None or not is_sampled(traceparent):
        return None
    subject = subject_of(type_name)
    return tracing.child(f"publish {subject}", SpanKind.PRODUCER, traceparent, _attributes("publish", "send", subject, event_id))


@contextmanager
def handling(tracing: Tracing | None, consumer: str, events: Sequence[EventMeta]) -> Iterator[None]:
    """Sets `current_call`, so that calls and events that come out of it carry on the trace, of several that of the first recorded one.

    Each event whose trace is recorded gets a span of its own; what is done for all of them together is in that of the first one.
    """
    spans = [(meta, span) for meta in events if (span := _processing(tracing, consumer, meta, events)) is not None]
    first = spans[0][0] if spans else events[0]
    traceparent = traceparent_of(spans[0][1]) if spans else first.traceparent
    recording = Recording(tracing, traceparent) if spans and tracing is not None else None
    trace = TraceContext(traceparent[3:35], traceparent)
    call = Call(f"/event/{first.type_name}", Principal(f"consumers/{consumer}", _ROLES), Deadline.after(_SECONDS), (), trace)
    token, recorded = current_call.set(call), current_recording.set(recording)
    problem = ""
    try:
        yield
    except BaseException as error:
        problem = type(error).__name__
        raise
    finally:
        current_call.reset(token)
        current_recording.reset(recorded)
        for _, span in spans:
            finish(span, problem)


def _processing(tracing: Tracing | None, consumer: str, meta: EventMeta, batch: Sequence[EventMeta]) -> Span | None:
    if tracing is None or not is_sampled(meta.traceparent):
        return None
    subject = subject_of(meta.type_name)
    attributes = {**_attributes("process", "process", subject, meta.event_id), "messaging.consumer.group.name": consumer}
    if len(batch) > 1:
        attributes["messaging.batch.message_count"] = len(batch)
    return tracing.child(f"process {subject}", SpanKind.CONSUMER, meta.traceparent, attributes)


def _attributes(name: str, kind: str, subject: str, event_id: str) -> dict[str, str | int]:
    return {
        "messaging.system": "nats",
        "messaging.operation.name": name,
        "messaging.operation.type": kind,
        "messaging.destination.name": subject,
        "messaging.message.id": event_id,
    }
