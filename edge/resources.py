"""The pure function from (instances, contract, options) to everything that Envoy is told."""

from collections.abc import Sequence

from edge.bare_answers import unwrapped_contract
from edge.contract import EdgeMethod, services
from edge.filters import http_filters
from edge.listener import listener
from edge.options import EdgeOptions
from edge.probes import control_plane_cluster
from edge.routes import route_table
from edge.tracing import collector_clusters
from mesh.control_plane.clusters import context_endpoints, http2_cluster
from mesh.control_plane.resources import Builder, Resources
from mesh.control_plane.snapshot import contexts_of
from mesh.registry.port import Instance

NODE_CLUSTER = "edge"


def edge_builder(descriptor_set: bytes, methods: Sequence[EdgeMethod], options: EdgeOptions) -> Builder:
    """`descriptor_set` is a serialised FileDescriptorSet with all imports, google/rpc/error_details.proto among them. Only clusters and
    endpoints depend on the instances; the rest is built here, once."""
    unwrapped, bare = unwrapped_contract(descriptor_set)
    listeners = [listener(http_filters(unwrapped, services(methods), bare.values(), options), options)]
    own_clusters = [control_plane_cluster(options.control_planes), *collector_clusters(options)]
    routes = [route_table(descriptor_set, methods, bare, options)]

    def build(instances: frozenset[Instance]) -> Resources:
        contexts = contexts_of(instances, methods)
        return Resources(
            clusters=[*own_clusters, *(http2_cluster(context) for context in contexts)],
            endpoints=[context_endpoints(context, instances) for context in contexts],
            listeners=listeners,
            routes=routes,
        )

    return build
