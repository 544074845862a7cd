"""Clusters of the edge that lead to no context: their endpoints are told, not registered."""

from collections.abc import Sequence

from envoy_data_plane.envoy.config.cluster.v3 import Cluster, ClusterDiscoveryType
from envoy_data_plane.envoy.config.core.v3 import Address, SocketAddress
from envoy_data_plane.envoy.config.endpoint.v3 import ClusterLoadAssignment, Endpoint, LbEndpoint, LocalityLbEndpoints

from mesh.control_plane import limits


def told_cluster(name: str, addresses: Sequence[tuple[str, int]]) -> Cluster:
    """`addresses` are host names or IP addresses, with ports."""
    endpoints = [
        LbEndpoint(endpoint=Endpoint(address=Address(socket_address=SocketAddress(address=host, port_value=port))))
        for host, port in addresses
    ]
    return Cluster(
        name=name,
        type=ClusterDiscoveryType.STRICT_DNS,
        connect_timeout=limits.CONNECT_TIMEOUT,
        load_assignment=ClusterLoadAssignment(cluster_name=name, endpoints=[LocalityLbEndpoints(lb_endpoints=endpoints)]),
    )
