"""The little that the edge's Envoy has to be told before it can ask the control plane for the rest."""

import ipaddress
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge.resources import NODE_CLUSTER
from mesh.control_plane.envoy_bootstrap import ads_config, overload_manager, socket_address, xds_cluster
from mesh.control_plane.envoy_tls import EnvoyTls
from mesh.settings import host_and_port
from mesh.tls.identity import Identity
from mesh.tls.settings import CONTROL_PLANE

# The paths of a whole contract are one regular expression; Envoy's default stops at a hundred instructions of RE2.
_MAX_REGEX_SIZE = 100_000
_RUNTIME = {"re2.max_program_size.error_level": _MAX_REGEX_SIZE, "tracing.opentelemetry.flush_interval_ms": 1_000}

# Of the administration interface beyond loopback: what is read to watch an Envoy. The rest can end it, or tells what it holds.
_WATCHED = {"allow_paths": [{"prefix": "/stats/prometheus"}, {"exact": "/ready"}]}


def write_bootstrap(
    path: Path,
    *,
    xds_servers: Sequence[str],
    node_id: str = "edge",
    zone: str = "",
    admin: str = "127.0.0.1:0",
    identity: Identity | None = None,
) -> None:
    """`xds_servers` are host:port, the preferred one first; `zone` is whose instances are preferred. Port 0 for `admin` lets the kernel
    choose: `--admin-address-path` tells. With an `identity` it speaks mTLS to the mesh; what else that takes is written beside `path`."""
    tls = EnvoyTls.written(identity, path.parent)
    path.write_text(json.dumps(bootstrap(xds_servers, node_id, admin, zone, tls), indent=2), encoding="utf-8")


def bootstrap(xds_servers: Sequence[str], node_id: str, admin: str, zone: str = "", tls: EnvoyTls | None = None) -> dict[str, Any]:
    if not xds_servers:
        raise ValueError("the edge needs at least one xDS server")
    source = {"ads": {}, "resource_api_version": "V3"}
    return {
        "node": {"id": node_id, "cluster": NODE_CLUSTER, "locality": {"zone": zone}, **(tls.told_by_node if tls else {})},
        "admin": {"address": socket_address(admin), **({} if _is_loopback(admin) else _WATCHED)},
        "static_resources": {"clusters": [xds_cluster(xds_servers, tls.calling(CONTROL_PLANE) if tls else None)]},
        "dynamic_resources": {"ads_config": ads_config(), "cds_config": source, "lds_config": source},
        "layered_runtime": {"layers": [{"name": "edge", "static_layer": _RUNTIME}]},
        "overload_manager": overload_manager(),
    }


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(host_and_port(address)[0]).is_loopback
