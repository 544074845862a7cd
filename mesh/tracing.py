"""W3C trace context in and out; spans only for calls that are sampled and only when a collector is configured."""

import random
import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import NamedTuple

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from mesh.call import TraceContext, current_call

Attributes = Mapping[str, str | int]

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
# Ids need to be unlike each other, not secret; Python seeds the generator from the system.
_ids = random.Random()  # noqa: S311  # not for cryptography


class Tracing:
    """Starts the spans of `service`. Parent-based: a caller's decision to sample holds, `ratio` decides for roots.

    Spans leave in batches from a thread of their own, from a queue that drops what it cannot hold: no call waits for the collector.
    """

    def __init__(self, service: str, instance: str = "", otlp_endpoint: str = "", ratio: float = 0.0) -> None:
        self.service = service
        self._ratio = ratio if otlp_endpoint else 0.0
        self._tracer: trace.Tracer | None = None
        if otlp_endpoint:
            from mesh.trace_export import Export  # many modules, for nothing where nobody collects

            self._export = Export(service, instance, otlp_endpoint)
            self._tracer = self._export.tracer

    def server_call(self, path: str, traceparent: str | None) -> tuple[TraceContext, Span | None]:
        """The context of an incoming call, and its span when it is sampled."""
        matched = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
        if matched is None:
            ids = f"{_ids.getrandbits(192):048x}"  # for the trace and for this call in it
            trace_id, parent, sampled = ids[:32], "", self._ratio > 0 and _ids.random() < self._ratio
            here = ids[32:]
        else:
            trace_id, parent, sampled = matched[1], matched[2], int(matched[3], 16) & 1 == 1
            here = parent
        if not sampled or self._tracer is None:
            return TraceContext(trace_id, f"00-{trace_id}-{here}-{'01' if sampled else '00'}"), None
        if parent:
            context = _context(trace_id, parent)
            span = self._tracer.start_span(path[1:], context=context, kind=SpanKind.SERVER, attributes=_rpc_attributes(path))
        else:
            span = self._tracer.start_span(path[1:], kind=SpanKind.SERVER, attributes=_rpc_attributes(path))
        return TraceContext(f"{span.get_span_context().trace_id:032x}", traceparent_of(span)), span

    def client_call(self, path: str) -> tuple[str, Span | None]:
        """The traceparent for the next hop, and the client span when the current call is sampled."""
        call = current_call.get()
        if call is None:
            return "", None
        span = self.child(path[1:], SpanKind.CLIENT, call.trace.traceparent, _rpc_attributes(path)) if call.trace.sampled else None
        return (traceparent_of(span) if span is not None else call.trace.traceparent), span

    def child(self, name: str, kind: SpanKind, traceparent: str, attributes: Attributes) -> Span | None:
        """A span below `traceparent`; None when that one is not sampled or nobody collects."""
        if self._tracer is None or not is_sampled(traceparent):
            return None
        _, trace_id, parent, _ = traceparent.split("-")
        return self._tracer.start_span(name, context=_context(trace_id, parent), kind=kind, attributes=attributes)

    def flush(self) -> None:
        """Send what is left and stop; bounded by the exporter's own timeout."""
        if self._tracer is not None:
            self._export.shut_down()


class Recording(NamedTuple):
    """What is at work inside a span: more spans are made below `traceparent`."""

    tracing: Tracing
    traceparent: str


# Set while what runs is sampled, and only then: statements look here, and are spans or cost nothing.
current_recording: ContextVar[Recording | None] = ContextVar("current_recording", default=None)


def is_sampled(traceparent: str) -> bool:
    """Whether `traceparent` is one, and says that its trace is recorded."""
    matched = _TRACEPARENT.fullmatch(traceparent)
    return matched is not None and int(matched[3], 16) & 1 == 1


def traceparent_of(span: Span) -> str:
    """The header that puts others below `span`."""
    ids = span.get_span_context()
    return f"00-{ids.trace_id:032x}-{ids.span_id:016x}-01"


def finish_call(span: Span | None, code_name: str, failed: bool, error: BaseException | None = None) -> None:
    """End `span` with the gRPC status; `failed` marks it as an error of the side that it describes. `error` is what nobody expected."""
    if span is not None:
        span.set_attribute("rpc.response.status_code", code_name)
        if error is not None:
            span.record_exception(error)
        finish(span, code_name if failed else "")


def finish(span: Span, error_type: str = "") -> None:
    """End `span`, as an error when there is an `error_type`."""
    if error_type:
        span.set_attribute("error.type", error_type)
        span.set_status(Status(StatusCode.ERROR, error_type))
    span.end()


def _context(trace_id: str, parent: str) -> Context:
    remote = SpanContext(int(trace_id, 16), int(parent, 16), is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return trace.set_span_in_context(NonRecordingSpan(remote))


def _rpc_attributes(path: str) -> Attributes:
    # https://opentelemetry.io/docs/specs/semconv/rpc/grpc/
    return {"rpc.system.name": "grpc", "rpc.method": path[1:]}
