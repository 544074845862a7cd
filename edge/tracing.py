"""The edge's part of a trace: it begins one for each request, or goes on with the caller's, and exports what is sampled."""

from urllib.parse import urlsplit

import betterproto2
from envoy_data_plane.envoy.config.cluster.v3 import Cluster
from envoy_data_plane.envoy.config.core.v3 import GrpcService, GrpcServiceEnvoyGrpc, TypedExtensionConfig
from envoy_data_plane.envoy.config.trace.v3 import OpenTelemetryConfig, TracingHttp
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpConnectionManagerTracing
from envoy_data_plane.envoy.extensions.tracers.opentelemetry.resource_detectors.v3 import StaticConfigResourceDetectorConfig
from envoy_data_plane.envoy.extensions.tracers.opentelemetry.samplers.v3 import ParentBasedSamplerConfig, TraceIdRatioBasedSamplerConfig
from envoy_data_plane.envoy.type.tracing.v3 import CustomTag

from edge.clusters import told_cluster
from edge.conditions import fraction
from edge.options import EdgeOptions
from mesh.control_plane.clusters import speaking_http2
from mesh.control_plane.resources import packed

_COLLECTOR = "otlp"
_MAX_CACHED_SPANS = 8_192
_DEFAULT_PORT = 4317


def tracing(options: EdgeOptions) -> HttpConnectionManagerTracing:
    """Without a collector too: then nothing is recorded, and every request still has a trace id, which is in every log that it leaves."""
    attributes = StaticConfigResourceDetectorConfig(attributes={"service.namespace": "reelmesh"})
    exporter = GrpcService(envoy_grpc=GrpcServiceEnvoyGrpc(cluster_name=_COLLECTOR)) if options.otlp_endpoint else None
    provider = OpenTelemetryConfig(
        grpc_service=exporter,
        service_name="edge",
        resource_detectors=[TypedExtensionConfig(name="static", typed_config=packed(attributes))],
        sampler=_sampler(options.trace_ratio if options.otlp_endpoint else 0.0),
        max_cache_size=_MAX_CACHED_SPANS,
    )
    return HttpConnectionManagerTracing(
        provider=TracingHttp(name="envoy.tracers.opentelemetry", typed_config=packed(provider)),
        operation="%REQ(:METHOD)%",
        custom_tags=[CustomTag(tag="rpc.method", value="%ROUTE_NAME%")],
    )


def _sampler(ratio: float) -> TypedExtensionConfig:
    """A caller's decision holds, as in the services. Envoy's own sampling would decide anew for every request."""
    roots = _extension("trace_id_ratio_based", TraceIdRatioBasedSamplerConfig(sampling_percentage=fraction(ratio)))
    return _extension("parent_based", ParentBasedSamplerConfig(wrapped_sampler=roots))


def _extension(name: str, config: betterproto2.Message) -> TypedExtensionConfig:
    return TypedExtensionConfig(name=f"envoy.tracers.opentelemetry.samplers.{name}", typed_config=packed(config))


def collector_clusters(options: EdgeOptions) -> list[Cluster]:
    """Where spans go; none without a collector."""
    if not options.otlp_endpoint:
        return []
    return [speaking_http2(told_cluster(_COLLECTOR, [_host_and_port(options.otlp_endpoint)]))]


def _host_and_port(endpoint: str) -> tuple[str, int]:
    parts = urlsplit(endpoint if "//" in endpoint else f"//{endpoint}")
    if not parts.hostname:
        raise ValueError(f"{endpoint!r} is no address of a collector")
    return parts.hostname, parts.port or _DEFAULT_PORT
