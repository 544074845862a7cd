"""The listener of the edge: one port for HTTP/1.1 and HTTP/2, for JSON, gRPC-Web and gRPC."""

from datetime import timedelta

from envoy_data_plane.envoy.config.core.v3 import Address, Http2ProtocolOptions, HttpProtocolOptions, SocketAddress
from envoy_data_plane.envoy.config.listener.v3 import Filter, FilterChain, Listener
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import (
    HttpConnectionManager,
    HttpConnectionManagerPathWithEscapedSlashesAction,
    HttpFilter,
    Rds,
)

from edge.access_log import access_log
from edge.arrival import early_mutation
from edge.errors import local_replies
from edge.options import MEBIBYTE, EdgeOptions
from edge.routes import ROUTES
from edge.tracing import tracing
from mesh.control_plane.resources import ADS_SOURCE, packed
from mesh.settings import host_and_port

_IDLE_CONNECTION = timedelta(minutes=5)
_IDLE_STREAM = timedelta(seconds=60)
_HEADERS_WITHIN = timedelta(seconds=10)
_MAX_HEADERS = 100
_MAX_HEADER_KIBIBYTES = 128  # a batch of 1,000 names, each as long as may be, is one URL
_MAX_STREAMS = 256  # of one connection


def listener(filters: list[HttpFilter], options: EdgeOptions) -> Listener:
    host, port = host_and_port(options.listen)
    manager = HttpConnectionManager(
        stat_prefix="edge",
        rds=Rds(route_config_name=ROUTES, config_source=ADS_SOURCE),
        http_filters=filters,
        local_reply_config=local_replies(),
        tracing=tracing(options),
        access_log=[access_log(options.access_log_ratio)],
        server_name="reelmesh",
        early_header_mutation_extensions=[early_mutation()],
        # The connection says who calls, not its headers, as far as no proxy of ours is in front.
        use_remote_address=True,
        xff_num_trusted_hops=options.trusted_hops,
        generate_request_id=True,
        always_set_request_id_in_response=True,
        normalize_path=True,
        merge_slashes=True,
        path_with_escaped_slashes_action=HttpConnectionManagerPathWithEscapedSlashesAction.KEEP_UNCHANGED,
        max_request_headers_kb=_MAX_HEADER_KIBIBYTES,
        request_headers_timeout=_HEADERS_WITHIN,
        stream_idle_timeout=_IDLE_STREAM,
        drain_timeout=timedelta(seconds=5),
        common_http_protocol_options=HttpProtocolOptions(idle_timeout=_IDLE_CONNECTION, max_headers_count=_MAX_HEADERS),
        http2_protocol_options=Http2ProtocolOptions(
            max_concurrent_streams=_MAX_STREAMS, initial_stream_window_size=MEBIBYTE, initial_connection_window_size=4 * MEBIBYTE
        ),
    )
    chain = FilterChain(filters=[Filter(name="envoy.filters.network.http_connection_manager", typed_config=packed(manager))])
    return Listener(
        name="edge",
        address=Address(socket_address=SocketAddress(address=host, port_value=port)),
        filter_chains=[chain],
        per_connection_buffer_limit_bytes=MEBIBYTE,
    )
