"""The pure function from (instances, contract, options) to everything that Envoy is told."""

from collections.abc import Sequence
from datetime import timedelta

from envoy_data_plane.envoy.config.cluster.v3 import Cluster
from envoy_data_plane.envoy.config.core.v3 import Http2ProtocolOptions, KeepaliveSettings
from envoy_data_plane.envoy.extensions.upstreams.http.v3 import HttpProtocolOptions, HttpProtocolOptionsExplicitHttpConfig

from edge.bare_answers import unwrapped_contract
from edge.contract import EdgeMethod, services
from edge.filters import http_filters
from edge.listener import listener
from edge.options import MEBIBYTE, EdgeOptions
from edge.routes import route_table
from mesh.control_plane.clusters import context_cluster, context_endpoints
from mesh.control_plane.resources import Builder, Resources, packed
from mesh.control_plane.snapshot import contexts_of
from mesh.registry.port import Instance
from mesh.settings import host_and_port

NODE_CLUSTER = "edge"
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def edge_builder(descriptor_set: bytes, methods: Sequence[EdgeMethod], options: EdgeOptions) -> Builder:
    """`descriptor_set` is a serialised FileDescriptorSet with all imports, google/rpc/error_details.proto among them. Only clusters and
    endpoints depend on the instances; the rest is built here, once."""
    unwrapped, bare = unwrapped_contract(descriptor_set)
    listeners = [listener(*host_and_port(options.listen), http_filters(unwrapped, services(methods), bare.values(), options))]
    routes = [route_table(descriptor_set, methods, bare, options)]

    def build(instances: frozenset[Instance]) -> Resources:
        contexts = contexts_of(instances, methods)
        return Resources(
            clusters=[edge_cluster(context) for context in contexts],
            endpoints=[context_endpoints(context, instances) for context in contexts],
            listeners=listeners,
            routes=routes,
        )

    return build


def edge_cluster(context: str) -> Cluster:
    cluster = context_cluster(context)
    http2 = Http2ProtocolOptions(
        connection_keepalive=KeepaliveSettings(interval=timedelta(seconds=30), timeout=timedelta(seconds=5)),
        initial_stream_window_size=MEBIBYTE,
        initial_connection_window_size=4 * MEBIBYTE,
    )
    options = HttpProtocolOptions(explicit_http_config=HttpProtocolOptionsExplicitHttpConfig(http2_protocol_options=http2))
    cluster.typed_extension_protocol_options = {_HTTP_OPTIONS: packed(options)}
    return cluster
