"""Clusters: a cluster is a context, with the limits that hold for calls to it."""

from functools import cache

from envoy_data_plane.envoy.config.cluster.v3 import (
    CircuitBreakers,
    CircuitBreakersThresholds,
    CircuitBreakersThresholdsRetryBudget,
    Cluster,
    ClusterCommonLbConfig,
    ClusterCommonLbConfigLocalityWeightedLbConfig,
    ClusterDiscoveryType,
    ClusterEdsClusterConfig,
    ClusterLbPolicy,
    OutlierDetection,
)
from envoy_data_plane.envoy.config.core.v3 import HealthCheck, HealthCheckGrpcHealthCheck, Http2ProtocolOptions, KeepaliveSettings
from envoy_data_plane.envoy.extensions.upstreams.http.v3 import HttpProtocolOptions, HttpProtocolOptionsExplicitHttpConfig
from envoy_data_plane.envoy.type.v3 import Percent

from mesh.control_plane import limits
from mesh.control_plane.client_tls import envoy_socket, grpc_socket
from mesh.control_plane.resources import ADS_SOURCE, Resource, packed, resource
from mesh.tls.identity import Identity

_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


@cache
def grpc_cluster(context: str, identity: Identity | None = None) -> Resource:
    """The cluster for gRPC's clients. `identity` is the control plane's own, of whose trust domain the names to look for are."""
    cluster = _cluster(context)
    if identity is not None:
        cluster.transport_socket = grpc_socket(identity.uri(context))
    return resource(cluster)


@cache
def http2_cluster(context: str, identity: Identity | None = None, *, checked: bool = False) -> Resource:
    """The cluster for an Envoy, which unlike gRPC's clients speaks HTTP/2 only where it is told to. `checked`: it asks each instance for
    its health, too, which is for few Envoys only: each asks every instance."""
    cluster = speaking_http2(_cluster(context))
    if identity is not None:
        cluster.transport_socket = envoy_socket(identity.uri(context))
    if checked:
        cluster.health_checks = [_health_check()]
    return resource(cluster)


def _health_check() -> HealthCheck:
    return HealthCheck(
        grpc_health_check=HealthCheckGrpcHealthCheck(),
        interval=limits.CHECK_INTERVAL,
        no_traffic_interval=limits.CHECK_INTERVAL,
        timeout=limits.CHECK_TIMEOUT,
        unhealthy_threshold=limits.CHECK_UNHEALTHY,
        healthy_threshold=limits.CHECK_HEALTHY,
    )


def _cluster(context: str) -> Cluster:
    return Cluster(
        name=context,
        type=ClusterDiscoveryType.EDS,
        eds_cluster_config=ClusterEdsClusterConfig(eds_config=ADS_SOURCE),
        connect_timeout=limits.CONNECT_TIMEOUT,
        lb_policy=ClusterLbPolicy.ROUND_ROBIN,
        # Envoy looks at the weights of localities only where it is told to; gRPC always does.
        # Who has left is not called any more, also when it would still answer a health check.
        ignore_health_on_host_removal=True,
        common_lb_config=ClusterCommonLbConfig(locality_weighted_lb_config=ClusterCommonLbConfigLocalityWeightedLbConfig()),
        circuit_breakers=CircuitBreakers(
            thresholds=[
                CircuitBreakersThresholds(
                    max_requests=limits.MAX_REQUESTS,
                    max_pending_requests=limits.MAX_PENDING_REQUESTS,
                    max_connections=limits.MAX_CONNECTIONS,
                    retry_budget=CircuitBreakersThresholdsRetryBudget(
                        budget_percent=Percent(value=limits.RETRY_BUDGET_PERCENT), min_retry_concurrency=limits.RETRY_BUDGET_MINIMUM
                    ),
                )
            ]
        ),
        outlier_detection=OutlierDetection(
            interval=limits.EJECTION_INTERVAL,
            base_ejection_time=limits.EJECTION_TIME,
            max_ejection_time=limits.EJECTION_TIME_MAX,
            max_ejection_percent=limits.EJECTION_MAX_PERCENT,
            failure_percentage_threshold=limits.EJECTION_FAILURE_PERCENTAGE,
            enforcing_failure_percentage=100,
            failure_percentage_minimum_hosts=limits.EJECTION_MINIMUM_HOSTS,
            failure_percentage_request_volume=limits.EJECTION_MINIMUM_REQUESTS,
            consecutive_gateway_failure=limits.EJECTION_CONSECUTIVE_GATEWAY_FAILURES,
            enforcing_consecutive_gateway_failure=100,
            # An instance may call itself healthy and fail every call.
            successful_active_health_check_uneject_host=False,
            # Success rate needs a crowd to compare with, and INTERNAL or UNIMPLEMENTED in a row (5xx) say nothing about one instance.
            enforcing_success_rate=0,
            enforcing_consecutive_5xx=0,
        ),
    )


def speaking_http2(cluster: Cluster) -> Cluster:
    http2 = Http2ProtocolOptions(
        connection_keepalive=KeepaliveSettings(interval=limits.KEEPALIVE_INTERVAL, timeout=limits.KEEPALIVE_TIMEOUT),
        initial_stream_window_size=limits.STREAM_WINDOW,
        initial_connection_window_size=limits.CONNECTION_WINDOW,
    )
    options = HttpProtocolOptions(explicit_http_config=HttpProtocolOptionsExplicitHttpConfig(http2_protocol_options=http2))
    cluster.typed_extension_protocol_options = {_HTTP_OPTIONS: packed(options)}
    return cluster
