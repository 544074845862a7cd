"""`/healthz` and `/readyz`: whether the edge runs, and whether every context behind it has somebody who serves.

Envoy answers the first by itself. The second is the control plane's, which asks the instances. Without a control plane nobody knows,
and calls still go through (fail static), so the edge then says that it does not know, and does not say that it is not ready: whoever takes
edges out of service by this answer would otherwise take all of them out at once, for nothing.
"""

from collections.abc import Sequence
from datetime import timedelta

from envoy_data_plane.envoy.config.cluster.v3 import Cluster, ClusterDiscoveryType
from envoy_data_plane.envoy.config.core.v3 import Address, DataSource, SocketAddress, SubstitutionFormatString
from envoy_data_plane.envoy.config.endpoint.v3 import ClusterLoadAssignment, Endpoint, LbEndpoint, LocalityLbEndpoints
from envoy_data_plane.envoy.config.route.v3 import HeaderMatcher, RetryPolicy, Route, RouteAction, RouteMatch
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import ResponseMapper
from envoy_data_plane.envoy.type.matcher.v3 import RegexMatcher, StringMatcher

from edge.conditions import all_of, header, status_from
from edge.options import StaticPage
from mesh.control_plane import limits
from mesh.settings import host_and_port

HEALTHZ = StaticPage("/healthz", "application/json", b'{"status":"ok","checks":{"edge":"ok"}}')
READYZ = "/readyz"
_CLUSTER = "control-plane"
_UNKNOWN = '{"status":"unknown","checks":{"control-plane":"unavailable"}}'
_TIMEOUT = timedelta(seconds=2)


def readiness_route(retry: RetryPolicy) -> Route:
    action = RouteAction(cluster=_CLUSTER, timeout=_TIMEOUT, retry_policy=retry)
    method = HeaderMatcher(name=":method", string_match=StringMatcher(safe_regex=RegexMatcher(regex="GET|HEAD")))
    return Route(name="readiness", match=RouteMatch(path=READYZ, headers=[method]), route=action)


def control_plane_cluster(addresses: Sequence[str]) -> Cluster:
    """`addresses` are where control planes serve their pages, host:port."""
    endpoints = [LbEndpoint(endpoint=Endpoint(address=_address(each))) for each in addresses]
    return Cluster(
        name=_CLUSTER,
        type=ClusterDiscoveryType.STRICT_DNS,
        connect_timeout=limits.CONNECT_TIMEOUT,
        load_assignment=ClusterLoadAssignment(cluster_name=_CLUSTER, endpoints=[LocalityLbEndpoints(lb_endpoints=endpoints)]),
    )


def unknown_readiness() -> ResponseMapper:
    """What Envoy says by itself when no control plane does."""
    path = HeaderMatcher(name=":path", string_match=StringMatcher(safe_regex=RegexMatcher(regex=rf"{READYZ}(\?.*)?")))
    shape = SubstitutionFormatString(text_format_source=DataSource(inline_string=_UNKNOWN), content_type="application/json")
    return ResponseMapper(
        filter=all_of(header(path), status_from(500)),
        status_code=200,
        body_format_override=shape,
    )


def _address(address: str) -> Address:
    host, port = host_and_port(address)
    return Address(socket_address=SocketAddress(address=host, port_value=port))
