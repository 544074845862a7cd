"""Handlers run inside the trace of the request that caused their event."""

from collections.abc import Iterator
from contextlib import contextmanager

from mesh.call import Call, Deadline, Principal, TraceContext, current_call
from mesh.events.wire import EventMeta
from mesh.tracing import Tracing, finish_span

_SECONDS = 30.0
_ROLES = frozenset({"SERVICE"})


@contextmanager
def handling(tracing: Tracing | None, consumer: str, meta: EventMeta) -> Iterator[None]:
    """Sets `current_call`, so that calls and events that come out of it carry on the trace; a span when it is sampled."""
    method = f"/event/{meta.type_name}"
    if tracing is None:
        trace, span = TraceContext(meta.traceparent[3:35], meta.traceparent), None
    else:
        trace, span = tracing.server_call(method, meta.traceparent or None)
    token = current_call.set(Call(method, Principal(f"consumers/{consumer}", _ROLES), Deadline.after(_SECONDS), (), trace))
    failed = True
    try:
        yield
        failed = False
    finally:
        current_call.reset(token)
        finish_span(span, "INTERNAL" if failed else "OK", failed)
