"""The bootstrap of a service's own Envoy: its listener runs our handlers, its clusters come from the control plane."""

import importlib.util
import json
from collections.abc import Sequence
from typing import Any

from mesh.control_plane.envoy_bootstrap import (
    EXTENSION,
    FAULT_FILTER,
    SERVED_ROUTES,
    ads_config,
    overload_manager,
    socket_address,
    xds_cluster,
)
from mesh.control_plane.envoy_tls import EnvoyTls, peer_mutation
from mesh.tls.settings import CONTROL_PLANE

NODE_CLUSTER = "service-host"
LISTENER = "service"

_MEBIBYTE = 1024 * 1024
# Envoy's and that of Python's larger objects, which share an allocator. A service takes 40 MB; one that takes this much is out of hand.
MAX_HEAP_BYTES = 1024 * _MEBIBYTE
_MAX_STREAMS = 1024  # of one connection; an edge or a client process has one or a few
_MAX_HEADER_KIBIBYTES = 16
_SOURCE = {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "2s"}  # then without: a service can start alone


def bootstrap(
    app: str,
    listen: str,
    *,
    node_id: str,
    zone: str,
    xds_servers: Sequence[str],
    max_heap_bytes: int = MAX_HEAP_BYTES,
    tls: EnvoyTls | None = None,
) -> dict[str, Any]:
    """`app` is `module:attribute` of an ASGI application; without `xds_servers` there are no clusters to call."""
    configuration: dict[str, Any] = {
        "node": {"id": node_id, "cluster": NODE_CLUSTER, "locality": {"zone": zone}, **(tls.told_by_node if tls else {})},
        "admin": {"address": socket_address("127.0.0.1:0")},
        "static_resources": {"listeners": [_listener(app, listen, _routes(xds_servers), tls)]},
        "overload_manager": overload_manager(max_heap_bytes),
    }
    if xds_servers:
        configuration["static_resources"]["clusters"] = [xds_cluster(xds_servers, tls.calling(CONTROL_PLANE) if tls else None)]
        configuration["dynamic_resources"] = {"ads_config": ads_config(), "cds_config": _SOURCE}
    return configuration


def _routes(xds_servers: Sequence[str]) -> dict[str, Any]:
    """Calls need none: routes are where faults are injected."""
    if xds_servers:
        return {"rds": {"route_config_name": SERVED_ROUTES, "config_source": _SOURCE}}
    return {"route_config": {"virtual_hosts": [{"name": "service", "domains": ["*"]}]}}


def _listener(app: str, listen: str, routes: dict[str, Any], tls: EnvoyTls | None) -> dict[str, Any]:
    manager = {
        "@type": f"{EXTENSION}filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "service",
        **routes,
        "http_filters": [_faults(), _python(app)],
        **({} if tls is None else {"early_header_mutation_extensions": [peer_mutation()]}),
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
    chain: dict[str, Any] = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    if tls is not None:
        chain["transport_socket"] = tls.serving()
    return {
        "name": LISTENER,
        "address": socket_address(listen),
        "filter_chains": [chain],
        "enable_reuse_port": False,  # a second process on the same port is a mistake, not a load balancer
        "per_connection_buffer_limit_bytes": _MEBIBYTE,
    }


def _faults() -> dict[str, Any]:
    """Made only for calls whose route has a fault."""
    return {
        "name": FAULT_FILTER,
        "disabled": True,
        "typed_config": {"@type": f"{EXTENSION}filters.http.fault.v3.HTTPFault"},
    }


def _python(app: str) -> dict[str, Any]:
    spec = importlib.util.find_spec("pyvoy._pyvoy")
    if spec is None or spec.origin is None:
        raise ImportError("pyvoy is not installed")
    return {
        "name": "python",
        "typed_config": {
            "@type": f"{EXTENSION}filters.http.dynamic_modules.v3.DynamicModuleFilter",
            "dynamic_module_config": {"module": {"local": {"filename": spec.origin}}},
            "filter_name": "pyvoy",
            "terminal_filter": True,
            "filter_config": {
                "@type": "type.googleapis.com/google.protobuf.StringValue",
                "value": json.dumps({"app": app, "interface": "asgi", "lifespan": True}),
            },
        },
    }
