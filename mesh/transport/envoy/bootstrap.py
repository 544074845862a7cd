"""The bootstrap of a service's own Envoy: its listener runs our handlers, its clusters come from the control plane."""

import importlib.util
import ipaddress
import json
from collections.abc import Sequence
from typing import Any

from mesh.settings import host_and_port

NODE_CLUSTER = "service-host"
LISTENER = "service"

_PREFIX = "type.googleapis.com/envoy.extensions."
_MEBIBYTE = 1024 * 1024
_MAX_CONNECTIONS = 10_000
_MAX_STREAMS = 1024  # of one connection; an edge or a client process has one or a few
_MAX_HEADER_KIBIBYTES = 16


def bootstrap(app: str, listen: str, *, node_id: str, zone: str, xds_servers: Sequence[str]) -> dict[str, Any]:
    """`app` is `module:attribute` of an ASGI application; without `xds_servers` there are no clusters to call."""
    configuration: dict[str, Any] = {
        "node": {"id": node_id, "cluster": NODE_CLUSTER, "locality": {"zone": zone}},
        "admin": {"address": _address("127.0.0.1:0")},
        "static_resources": {"listeners": [_listener(app, listen)]},
        "overload_manager": {"resource_monitors": [_connection_limit()]},
    }
    if xds_servers:
        source = {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "2s"}  # then without: a service can start alone
        ads = {
            "api_type": "GRPC",
            "transport_api_version": "V3",
            "set_node_on_first_message_only": True,
            "grpc_services": [{"envoy_grpc": {"cluster_name": "xds"}}],
        }
        configuration["static_resources"]["clusters"] = [_xds_cluster(xds_servers)]
        configuration["dynamic_resources"] = {"ads_config": ads, "cds_config": source}
    return configuration


def _listener(app: str, listen: str) -> dict[str, Any]:
    manager = {
        "@type": f"{_PREFIX}filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "service",
        "route_config": {"virtual_hosts": [{"name": "service", "domains": ["*"]}]},
        "http_filters": [_python(app)],
        "generate_request_id": False,
        "server_header_transformation": "PASS_THROUGH",
        "max_request_headers_kb": _MAX_HEADER_KIBIBYTES,
        "stream_idle_timeout": "0s",  # deadlines end calls; a health watch has none and may be silent for days
        "drain_timeout": "1s",
        "http2_protocol_options": {
            "max_concurrent_streams": _MAX_STREAMS,
            "initial_stream_window_size": _MEBIBYTE,
            "initial_connection_window_size": 4 * _MEBIBYTE,
            "connection_keepalive": {"interval": "30s", "timeout": "10s"},
        },
    }
    return {
        "name": LISTENER,
        "address": _address(listen),
        "filter_chains": [{"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}],
        "enable_reuse_port": False,  # a second process on the same port is a mistake, not a load balancer
        "per_connection_buffer_limit_bytes": _MEBIBYTE,
    }


def _python(app: str) -> dict[str, Any]:
    spec = importlib.util.find_spec("pyvoy._pyvoy")
    if spec is None or spec.origin is None:
        raise ImportError("pyvoy is not installed")
    return {
        "name": "python",
        "typed_config": {
            "@type": f"{_PREFIX}filters.http.dynamic_modules.v3.DynamicModuleFilter",
            "dynamic_module_config": {"module": {"local": {"filename": spec.origin}}},
            "filter_name": "pyvoy",
            "terminal_filter": True,
            "filter_config": {
                "@type": "type.googleapis.com/google.protobuf.StringValue",
                "value": json.dumps({"app": app, "interface": "asgi", "lifespan": True}),
            },
        },
    }


def _connection_limit() -> dict[str, Any]:
    return {
        "name": "envoy.resource_monitors.global_downstream_max_connections",
        "typed_config": {
            "@type": f"{_PREFIX}resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
            "max_active_downstream_connections": _MAX_CONNECTIONS,
        },
    }


def _xds_cluster(servers: Sequence[str]) -> dict[str, Any]:
    # The first server that answers a connection is used; the next ones wait for it to fail.
    localities = [
        {"priority": priority, "lb_endpoints": [{"endpoint": {"address": _address(server)}}]} for priority, server in enumerate(servers)
    ]
    http2 = {"connection_keepalive": {"interval": "10s", "timeout": "5s"}}
    return {
        "name": "xds",
        "type": "STATIC" if all(_is_ip(server) for server in servers) else "STRICT_DNS",
        "connect_timeout": "1s",
        "outlier_detection": {"consecutive_gateway_failure": 1, "enforcing_consecutive_gateway_failure": 100, "base_ejection_time": "5s"},
        "load_assignment": {"cluster_name": "xds", "endpoints": localities},
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{_PREFIX}upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": http2},
            }
        },
    }


def _address(address: str) -> dict[str, Any]:
    host, port = host_and_port(address)
    return {"socket_address": {"address": host, "port_value": port}}


def _is_ip(server: str) -> bool:
    try:
        ipaddress.ip_address(host_and_port(server)[0])
    except ValueError:
        return False
    return True
