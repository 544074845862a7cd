"""What any Envoy of ours is told before it can ask the control plane for the rest."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from mesh.settings import host_and_port

EXTENSION = "type.googleapis.com/envoy.extensions."
FAULT_FILTER = "envoy.filters.http.fault"
SERVED_ROUTES = "served"  # of services in an Envoy, for the faults of calls that met no route before
_MAX_CONNECTIONS = 10_000
_HEAP = "envoy.resource_monitors.fixed_heap"


def ads_config() -> dict[str, Any]:
    """For `dynamic_resources`: one stream to the cluster that `xds_cluster` describes."""
    return {
        "api_type": "GRPC",
        "transport_api_version": "V3",
        "set_node_on_first_message_only": True,
        # Envoy's own pauses grow to half a minute, in which a second control plane would stand by unused.
        "grpc_services": [
            {"envoy_grpc": {"cluster_name": "xds", "retry_policy": {"retry_back_off": {"base_interval": "0.2s", "max_interval": "2s"}}}}
        ],
    }


def xds_cluster(servers: Sequence[str], socket: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """`servers` are host:port. The first one that answers a connection is used; the next ones wait for it to fail. `socket` is the
    transport socket for TLS."""
    localities = [
        {"priority": priority, "lb_endpoints": [{"endpoint": {"address": socket_address(server)}}]}
        for priority, server in enumerate(servers)
    ]
    http2 = {"connection_keepalive": {"interval": "10s", "timeout": "5s"}}
    return {
        "name": "xds",
        "type": "STATIC" if all(_is_ip(server) for server in servers) else "STRICT_DNS",
        "connect_timeout": "1s",
        "outlier_detection": {
            "consecutive_gateway_failure": 1,
            "enforcing_consecutive_gateway_failure": 100,
            "base_ejection_time": "5s",
            "max_ejection_percent": 100,
        },
        "load_assignment": {"cluster_name": "xds", "endpoints": localities},
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{EXTENSION}upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": http2},
            }
        },
        **({} if socket is None else {"transport_socket": socket}),
    }


def overload_manager(max_heap_bytes: int | None = None) -> dict[str, Any]:
    """Bounds the connections that the process accepts, and its heap: near the bound it gives memory back, then it refuses requests."""
    connections = {
        "name": "envoy.resource_monitors.global_downstream_max_connections",
        "typed_config": {
            "@type": f"{EXTENSION}resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
            "max_active_downstream_connections": _MAX_CONNECTIONS,
        },
    }
    if max_heap_bytes is None:
        return {"resource_monitors": [connections]}
    heap = {
        "name": _HEAP,
        "typed_config": {
            "@type": f"{EXTENSION}resource_monitors.fixed_heap.v3.FixedHeapConfig",
            "max_heap_size_bytes": max_heap_bytes,
        },
    }
    actions = [
        {"name": f"envoy.overload_actions.{action}", "triggers": [{"name": _HEAP, "threshold": {"value": part}}]}
        for action, part in (("shrink_heap", 0.9), ("stop_accepting_requests", 0.95))
    ]
    return {"refresh_interval": "0.25s", "resource_monitors": [connections, heap], "actions": actions}


def socket_address(address: str) -> dict[str, Any]:
    host, port = host_and_port(address)
    return {"socket_address": {"address": host, "port_value": port}}


def _is_ip(server: str) -> bool:
    try:
        ipaddress.ip_address(host_and_port(server)[0])
    except ValueError:
        return False
    return True
