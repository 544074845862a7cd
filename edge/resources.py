"""The pure function from (instances, rules, contract, options) to everything that Envoy is told."""

from collections.abc import Sequence
from functools import lru_cache

from edge.bare_answers import unwrapped_contract
from edge.contract import EdgeMethod, services
from edge.filters import http_filters
from edge.listener import listener
from edge.options import EdgeOptions
from edge.probes import control_plane_cluster
from edge.routes import route_table
from edge.tokens import token_check
from edge.tracing import collector_clusters
from mesh.control_plane.clusters import http2_cluster
from mesh.control_plane.endpoints import endpoints_by_context
from mesh.control_plane.resources import Resource, Resources, resource
from mesh.control_plane.rules import Fault
from mesh.control_plane.snapshot import contexts_of
from mesh.control_plane.view import Builder, View
from mesh.tls.identity import Identity

NODE_CLUSTER = "edge"


def edge_builder(descriptor_set: bytes, methods: Sequence[EdgeMethod], options: EdgeOptions, identity: Identity | None = None) -> Builder:
    """`descriptor_set` is a serialised FileDescriptorSet with all imports, google/rpc/error_details.proto among them. Only clusters and
    endpoints depend on the instances, only routes on the faults, and only the check of tokens on the keys; the rest is built here, once."""
    unwrapped, bare = unwrapped_contract(descriptor_set)
    listeners = [resource(listener(http_filters(unwrapped, services(methods), bare.values(), options), options))]
    own_clusters = [resource(cluster) for cluster in (control_plane_cluster(options.control_planes), *collector_clusters(options))]

    @lru_cache(maxsize=8)
    def routes(faults: tuple[tuple[str, Fault], ...]) -> Resource:
        return resource(route_table(descriptor_set, methods, bare, options, dict(faults)))

    @lru_cache(maxsize=2)
    def checks(jwks: str) -> list[Resource]:
        # Keys that are not known yet take away nothing: an edge keeps those that it has.
        return [resource(token_check(jwks, options.token_issuer, options.token_audience))] if jwks and options.checks_tokens else []

    def build(view: View) -> Resources:
        contexts = contexts_of(view.instances, methods)
        return Resources(
            clusters=[*own_clusters, *(http2_cluster(context, identity, checked=True) for context in contexts)],
            endpoints=endpoints_by_context(view, contexts),
            listeners=listeners,
            extensions=checks(view.jwks),
            routes=[routes(tuple(sorted(view.rules.faults.items())))],
        )

    return build
