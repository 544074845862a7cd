"""`/healthz` and `/readyz`: whether the edge runs, and whether every context behind it has somebody who serves.

Envoy answers the first by itself. The second is the control plane's, which asks the instances. Without a control plane nobody knows,
and calls still go through (fail static), so the edge then says that it does not know, and does not say that it is not ready: whoever takes
edges out of service by this answer would otherwise take all of them out at once, for nothing.
"""

from collections.abc import Sequence
from datetime import timedelta

from envoy_data_plane.envoy.config.cluster.v3 import Cluster
from envoy_data_plane.envoy.config.core.v3 import DataSource, SubstitutionFormatString
from envoy_data_plane.envoy.config.route.v3 import HeaderMatcher, RetryPolicy, Route, RouteAction, RouteMatch
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import ResponseMapper
from envoy_data_plane.envoy.type.matcher.v3 import RegexMatcher, StringMatcher

from edge.clusters import told_cluster
from edge.conditions import all_of, header, status_from
from edge.options import StaticPage
from mesh.settings import host_and_port

HEALTHZ = StaticPage("/healthz", "application/json", b'{"status":"ok","checks":{"edge":"ok"}}')
READYZ = "/readyz"
_CLUSTER = "control-plane"
_UNKNOWN = '{"status":"unknown","checks":{"control-plane":"unavailable"}}'
_TIMEOUT = timedelta(seconds=2)  # a control plane answers sooner, also when no instance answers it


def readiness_route(retry: RetryPolicy) -> Route:
    action = RouteAction(cluster=_CLUSTER, timeout=_TIMEOUT, retry_policy=retry)
    method = HeaderMatcher(name=":method", string_match=StringMatcher(safe_regex=RegexMatcher(regex="GET|HEAD")))
    return Route(name="readiness", match=RouteMatch(path=READYZ, headers=[method]), route=action)


def control_plane_cluster(addresses: Sequence[str]) -> Cluster:
    """`addresses` are where control planes serve their pages, host:port."""
    return told_cluster(_CLUSTER, [host_and_port(each) for each in addresses])


def unknown_readiness() -> ResponseMapper:
    """What Envoy says by itself when no control plane does."""
    path = HeaderMatcher(name=":path", string_match=StringMatcher(safe_regex=RegexMatcher(regex=rf"{READYZ}(\?.*)?")))
    shape = SubstitutionFormatString(text_format_source=DataSource(inline_string=_UNKNOWN), content_type="application/json")
    return ResponseMapper(
        filter=all_of(header(path), status_from(500)),
        status_code=200,
        body_format_override=shape,
    )
