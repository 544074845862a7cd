"""A collector in this process that keeps every span, and what can be said of the traces in it."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceServicer, add_TraceServiceServicer_to_server
from opentelemetry.proto.trace.v1.trace_pb2 import Status

_SETTLED = 15.0  # seconds; edge and services send once a second


@dataclass(frozen=True)
class Span:
    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, str]
    failed: bool = False
    exceptions: tuple[str, ...] = ()


class Collector(TraceServiceServicer):
    def __init__(self) -> None:
        self.address = ""
        self._spans: list[Span] = []
        self.sent = b""  # everything, as it came
        self._open = threading.Event()
        self._open.set()

    def block(self) -> None:
        """Nothing is answered until `unblock`."""
        self._open.clear()

    def unblock(self) -> None:
        self._open.set()

    def Export(self, request: ExportTraceServiceRequest, context: Any) -> ExportTraceServiceResponse:
        self._open.wait(_SETTLED)
        self.sent += request.SerializeToString()
        for resource in request.resource_spans:
            service = next(each.value.string_value for each in resource.resource.attributes if each.key == "service.name")
            for scope in resource.scope_spans:
                for span in scope.spans:
                    attributes = {each.key: each.value.string_value for each in span.attributes}
                    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
                    failed = span.status.code == Status.STATUS_CODE_ERROR
                    exceptions = tuple(
                        each.value.string_value for event in span.events for each in event.attributes if each.key == "exception.type"
                    )
                    self._spans.append(Span(service, span.name, *ids, attributes, failed, exceptions))
        return ExportTraceServiceResponse()

    @property
    def traces(self) -> "Traces":
        return Traces(tuple(self._spans))

    def forget(self) -> None:
        self._spans = []

    def eventually(self, check: Callable[["Traces"], bool]) -> "Traces":
        """The traces once `check` holds, or as they are when it never does: the test then says what is missing."""
        limit = time.monotonic() + _SETTLED
        while not check(self.traces) and time.monotonic() < limit:
            time.sleep(0.1)
        return self.traces


@dataclass(frozen=True)
class Traces:
    spans: tuple[Span, ...]

    @property
    def by_id(self) -> dict[str, list[Span]]:
        found: dict[str, list[Span]] = defaultdict(list)
        for span in self.spans:
            found[span.trace_id].append(span)
        return found

    @property
    def orphans(self) -> list[Span]:
        """Spans whose parent nobody sent."""
        known = {(span.trace_id, span.span_id) for span in self.spans}
        return [span for span in self.spans if span.parent_id and (span.trace_id, span.parent_id) not in known]

    @property
    def roots(self) -> list[Span]:
        return [span for span in self.spans if not span.parent_id]

    def edges(self) -> Counter[tuple[str, str]]:
        """Which service's span is right below which other service's."""
        owners = {(span.trace_id, span.span_id): span.service for span in self.spans}
        pairs = ((owners.get((span.trace_id, span.parent_id), ""), span.service) for span in self.spans)
        return Counter((above, below) for above, below in pairs if above and above != below)


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    server = grpc.server(ThreadPoolExecutor(2))
    add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]  # opentelemetry ships it untyped
    collector.address = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield collector
    finally:
        server.stop(0.5).wait()
