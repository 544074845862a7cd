"""What services that run in an Envoy are given: the contexts that they may call, as clusters, and the faults of methods that they serve.

Their calls go straight to a cluster and meet no route. So the one who is called injects the faults of such calls, on a route of its own
listener; calls that have met a route elsewhere (of the edge, of a gRPC client) do not carry the mark and pass.
"""

from collections.abc import Sequence
from functools import lru_cache

from envoy_data_plane.envoy.config.core.v3 import DataSource
from envoy_data_plane.envoy.config.route.v3 import DirectResponseAction, HeaderMatcher, Route, RouteConfiguration, RouteMatch, VirtualHost

from mesh.control_plane.clusters import http2_cluster
from mesh.control_plane.endpoints import endpoints_by_context
from mesh.control_plane.envoy_bootstrap import SERVED_ROUTES
from mesh.control_plane.faults import fault_of_route
from mesh.control_plane.resources import Resource, Resources, resource
from mesh.control_plane.rules import Fault
from mesh.control_plane.snapshot import Method, contexts_of
from mesh.control_plane.view import Builder, View
from mesh.tls.identity import Identity
from mesh.transport.marks import UNROUTED


def service_host_builder(methods: Sequence[Method], identity: Identity | None = None) -> Builder:
    def build(view: View) -> Resources:
        contexts = contexts_of(view.instances, methods)
        return Resources(
            clusters=[http2_cluster(context, identity) for context in contexts],
            endpoints=endpoints_by_context(view, contexts),
            routes=[_served_routes(tuple(sorted(view.rules.faults.items())))],
        )

    return build


@lru_cache(maxsize=8)
def _served_routes(faults: tuple[tuple[str, Fault], ...]) -> Resource:
    # One table for all: a listener meets only the methods that it serves.
    marked = HeaderMatcher(name=UNROUTED, present_match=True)
    routes = [
        Route(
            match=RouteMatch(path=path, headers=[marked]),
            # Never sent: Python answers before any router would.
            direct_response=DirectResponseAction(status=500, body=DataSource(inline_string="")),
            typed_per_filter_config=dict(fault_of_route(fault)),
        )
        for path, fault in faults
    ]
    host = VirtualHost(name=SERVED_ROUTES, domains=["*"], routes=routes)
    return resource(RouteConfiguration(name=SERVED_ROUTES, virtual_hosts=[host]))
