"""Clusters and endpoints: a cluster is a context, its endpoints are the context's instances."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import groupby

from envoy_data_plane.envoy.config.cluster.v3 import (
    CircuitBreakers,
    CircuitBreakersThresholds,
    CircuitBreakersThresholdsRetryBudget,
    Cluster,
    ClusterDiscoveryType,
    ClusterEdsClusterConfig,
    ClusterLbPolicy,
    OutlierDetection,
)
from envoy_data_plane.envoy.config.core.v3 import (
    Address,
    HealthStatus,
    Http2ProtocolOptions,
    KeepaliveSettings,
    Locality,
    SocketAddress,
)
from envoy_data_plane.envoy.config.endpoint.v3 import ClusterLoadAssignment, Endpoint, LbEndpoint, LocalityLbEndpoints
from envoy_data_plane.envoy.extensions.upstreams.http.v3 import HttpProtocolOptions, HttpProtocolOptionsExplicitHttpConfig
from envoy_data_plane.envoy.type.v3 import Percent

from mesh.control_plane import limits
from mesh.control_plane.resources import ADS_SOURCE, packed
from mesh.registry.port import Instance

_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def context_cluster(context: str) -> Cluster:
    return Cluster(
        name=context,
        type=ClusterDiscoveryType.EDS,
        eds_cluster_config=ClusterEdsClusterConfig(eds_config=ADS_SOURCE),
        connect_timeout=limits.CONNECT_TIMEOUT,
        lb_policy=ClusterLbPolicy.ROUND_ROBIN,
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
            # Success rate needs a crowd to compare with, and INTERNAL or UNIMPLEMENTED in a row (5xx) say nothing about one instance.
            enforcing_success_rate=0,
            enforcing_consecutive_5xx=0,
        ),
    )


def http2_cluster(context: str) -> Cluster:
    """The cluster for an Envoy, which unlike gRPC's clients speaks HTTP/2 only where it is told to."""
    return speaking_http2(context_cluster(context))


def speaking_http2(cluster: Cluster) -> Cluster:
    http2 = Http2ProtocolOptions(
        connection_keepalive=KeepaliveSettings(interval=timedelta(seconds=30), timeout=timedelta(seconds=5)),
        initial_stream_window_size=limits.STREAM_WINDOW,
        initial_connection_window_size=limits.CONNECTION_WINDOW,
    )
    options = HttpProtocolOptions(explicit_http_config=HttpProtocolOptionsExplicitHttpConfig(http2_protocol_options=http2))
    cluster.typed_extension_protocol_options = {_HTTP_OPTIONS: packed(options)}
    return cluster


def context_endpoints(context: str, instances: Iterable[Instance]) -> ClusterLoadAssignment:
    """Without an instance: an empty assignment, so that clients fail at once instead of waiting for one to come."""
    # An address listed twice makes gRPC refuse the whole resource; it happens when a port passes from a dead instance to a new one.
    by_address = {(each.host, each.port): each for each in sorted(instances, key=_order) if each.context == context}
    zones = groupby(sorted(by_address.values(), key=_order), key=lambda each: each.zone)
    return ClusterLoadAssignment(cluster_name=context, endpoints=[_zone(zone, list(members)) for zone, members in zones])


def _order(instance: Instance) -> tuple[str, str, int, str]:
    return (instance.zone, instance.host, instance.port, instance.instance_id)


def _zone(zone: str, members: list[Instance]) -> LocalityLbEndpoints:
    # gRPC clients ignore a locality without a weight; by the number of its instances, each gets its share.
    return LocalityLbEndpoints(
        locality=Locality(zone=zone), load_balancing_weight=len(members), lb_endpoints=[_endpoint(each) for each in members]
    )


def _endpoint(instance: Instance) -> LbEndpoint:
    address = Address(socket_address=SocketAddress(address=instance.host, port_value=instance.port))
    return LbEndpoint(endpoint=Endpoint(address=address), health_status=HealthStatus.HEALTHY)
