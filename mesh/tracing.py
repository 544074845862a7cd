"""W3C trace context in and out; spans only for calls that are sampled and only when a collector is configured."""

import random
import re
from collections.abc import Mapping

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from mesh.call import TraceContext, current_call

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
# Ids need to be unlike each other, not secret; Python seeds the generator from the system.
_ids = random.Random()  # noqa: S311  # not for cryptography


class Tracing:
    """Starts server and client spans. Parent-based: a caller's decision to sample holds, `ratio` decides for roots."""

    def __init__(self, service: str, instance: str = "", otlp_endpoint: str = "", ratio: float = 0.0) -> None:
        self._ratio = ratio if otlp_endpoint else 0.0
        self._provider: TracerProvider | None = None
        self._tracer: trace.Tracer | None = None
        if otlp_endpoint:
            resource = Resource.create({"service.name": service, "service.namespace": "reelmesh", "service.instance.id": instance})
            self._provider = TracerProvider(sampler=ALWAYS_ON, resource=resource)  # the decision is made before a span is
            self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(otlp_endpoint, insecure=True)))
            self._tracer = self._provider.get_tracer("reelmesh.mesh")

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
            span = self._span(path, SpanKind.SERVER, trace_id, parent)
        else:
            span = self._tracer.start_span(path[1:], kind=SpanKind.SERVER, attributes=_rpc_attributes(path))
        return _context_of(span), span

    def client_call(self, path: str) -> tuple[str, Span | None]:
        """The traceparent for the next hop, and the client span when the current call is sampled."""
        call = current_call.get()
        if call is None:
            return "", None
        if self._tracer is None or not call.trace.sampled:
            return call.trace.traceparent, None
        _, trace_id, parent, _flags = call.trace.traceparent.split("-")
        span = self._span(path, SpanKind.CLIENT, trace_id, parent)
        return _context_of(span).traceparent, span

    def flush(self) -> None:
        """Send what is left and stop; bounded by the exporter's own timeout."""
        if self._provider is not None:
            self._provider.shutdown()

    def _span(self, path: str, kind: SpanKind, trace_id: str, parent: str) -> Span:
        assert self._tracer is not None  # noqa: S101  # callers looked
        remote = SpanContext(int(trace_id, 16), int(parent, 16), is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
        context = trace.set_span_in_context(NonRecordingSpan(remote))
        return self._tracer.start_span(path[1:], context=context, kind=kind, attributes=_rpc_attributes(path))


def finish_span(span: Span | None, code_name: str, failed: bool) -> None:
    """End `span` with the gRPC status; `failed` marks it as an error of the side that it describes."""
    if span is not None:
        span.set_attribute("rpc.response.status_code", code_name)
        if failed:
            span.set_status(Status(StatusCode.ERROR, code_name))
        span.end()


def _context_of(span: Span) -> TraceContext:
    ids = span.get_span_context()
    return TraceContext(f"{ids.trace_id:032x}", f"00-{ids.trace_id:032x}-{ids.span_id:016x}-01")


def _rpc_attributes(path: str) -> Mapping[str, str]:
    # https://opentelemetry.io/docs/specs/semconv/rpc/grpc/
    return {"rpc.system.name": "grpc", "rpc.method": path[1:]}
