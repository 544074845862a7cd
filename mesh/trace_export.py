"""OpenTelemetry's SDK and its OTLP exporter, which only a process with a collector loads."""

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

_QUEUE = 8_192  # spans, some kilobytes each; what comes when it is full is dropped
_EVERY_MILLISECONDS = 1_000


class Export:
    """`endpoint` is the OTLP/gRPC collector, as URL or host:port."""

    def __init__(self, service: str, instance: str, endpoint: str) -> None:
        resource = Resource.create({"service.name": service, "service.namespace": "reelmesh", "service.instance.id": instance})
        self._provider = TracerProvider(sampler=ALWAYS_ON, resource=resource)  # the decision is made before a span is
        exporter = OTLPSpanExporter(endpoint, insecure=True)
        self._provider.add_span_processor(BatchSpanProcessor(exporter, _QUEUE, _EVERY_MILLISECONDS))
        self.tracer = self._provider.get_tracer("reelmesh.mesh")

    def shut_down(self) -> None:
        """Sends what is left; bounded by the exporter's own timeout."""
        self._provider.shutdown()
