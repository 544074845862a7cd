"""The little that Envoy has to be told before it can ask the control plane for the rest."""

import ipaddress
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge.resources import NODE_CLUSTER
from mesh.settings import host_and_port

_PREFIX = "type.googleapis.com/envoy.extensions."
_MAX_CONNECTIONS = 10_000
_MAX_REGEX_SIZE = 100_000


def write_bootstrap(path: Path, *, xds_servers: Sequence[str], node_id: str = "edge", admin: str = "127.0.0.1:0") -> None:
    """`xds_servers` are host:port, the preferred one first. Port 0 for `admin` lets the kernel choose: `--admin-address-path` tells."""
    path.write_text(json.dumps(bootstrap(xds_servers, node_id, admin), indent=2), encoding="utf-8")


def bootstrap(xds_servers: Sequence[str], node_id: str, admin: str) -> dict[str, Any]:
    if not xds_servers:
        raise ValueError("the edge needs at least one xDS server")
    ads = {
        "api_type": "GRPC",
        "transport_api_version": "V3",
        "set_node_on_first_message_only": True,
        "grpc_services": [{"envoy_grpc": {"cluster_name": "xds"}}],
    }
    source = {"ads": {}, "resource_api_version": "V3"}
    connections = {
        "name": "envoy.resource_monitors.global_downstream_max_connections",
        "typed_config": {
            "@type": f"{_PREFIX}resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
            "max_active_downstream_connections": _MAX_CONNECTIONS,
        },
    }
    return {
        "node": {"id": node_id, "cluster": NODE_CLUSTER},
        "admin": {"address": _address(admin)},
        "static_resources": {"clusters": [_xds_cluster(xds_servers)]},
        "dynamic_resources": {"ads_config": ads, "cds_config": source, "lds_config": source},
        # The paths of a whole contract are one regular expression; Envoy's default stops at a hundred instructions of RE2.
        "layered_runtime": {"layers": [{"name": "edge", "static_layer": {"re2.max_program_size.error_level": _MAX_REGEX_SIZE}}]},
        "overload_manager": {"resource_monitors": [connections]},
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
