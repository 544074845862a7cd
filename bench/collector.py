"""A collector of traces that only counts them: without one, a service exports nothing and its tracing costs nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceServicer, add_TraceServiceServicer_to_server


class Collector(TraceServiceServicer):
    """`spans` by name of the span."""

    def __init__(self) -> None:
        self.address = ""
        self.spans: dict[str, int] = {}

    def Export(self, request: ExportTraceServiceRequest, context: Any) -> ExportTraceServiceResponse:
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.spans[span.name] = self.spans.get(span.name, 0) + 1
        return ExportTraceServiceResponse()


@contextmanager
def collecting() -> Iterator[Collector]:
    """In threads of this process, which waits while others are measured."""
    collector = Collector()
    server = grpc.server(ThreadPoolExecutor(2))
    add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]  # opentelemetry ships it untyped
    collector.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield collector
    finally:
        server.stop(0.5).wait()
