"""The bootstrap that gRPC's xDS client reads, once for each process, from the environment."""

import ipaddress
import json
from collections.abc import MutableMapping, Sequence
from typing import Any

from mesh.settings import host_and_port
from mesh.tls.grpc_credentials import PROVIDER, file_watcher
from mesh.tls.identity import Identity

_VARIABLE = "GRPC_XDS_BOOTSTRAP_CONFIG"


def client_bootstrap(
    xds_servers: Sequence[str], *, node_id: str, cluster: str = "service", zone: str = "", identity: Identity | None = None
) -> str:
    """JSON for GRPC_XDS_BOOTSTRAP_CONFIG. `xds_servers` are host:port, the preferred one first."""
    if not xds_servers:
        raise ValueError("a client of the mesh needs at least one xDS server")
    credentials: dict[str, Any] = {"type": "insecure"} if identity is None else {"type": "tls", "config": file_watcher(identity)}
    servers = [
        {
            "server_uri": target,
            "channel_creds": [credentials],
            # A context that a control plane does not know (yet, after its restart) keeps what is known about it.
            "server_features": ["xds_v3", "ignore_resource_deletion"],
        }
        # The certificate has to hold the name that was dialled, and several addresses are no name.
        for target in (_targets(xds_servers) if identity is None else xds_servers)
    ]
    bootstrap: dict[str, Any] = {"xds_servers": servers, "node": {"id": node_id, "cluster": cluster, "locality": {"zone": zone}}}
    if identity is not None:
        bootstrap["certificate_providers"] = {PROVIDER: {"plugin_name": "file_watcher", "config": file_watcher(identity)}}
    return json.dumps(bootstrap)


def _targets(servers: Sequence[str]) -> Sequence[str]:
    """gRPC turns to a second xDS server only for what it has never heard of; with everything known it waits for the first one to come
    back, and misses what changes meanwhile. Addresses are therefore one server with several, of which the first one that answers is
    used. Names cannot be joined so: give several control planes one name with an address for each."""
    families = {_family(server) for server in servers}
    if len(servers) == 1 or len(families) > 1 or "" in families:
        return servers
    return [f"{families.pop()}:{','.join(servers)}"]


def _family(server: str) -> str:
    try:
        return f"ipv{ipaddress.ip_address(host_and_port(server)[0]).version}"
    except ValueError:
        return ""


def use_control_plane(
    environment: MutableMapping[str, str], xds_servers: Sequence[str], *, node_id: str, zone: str = "", identity: Identity | None = None
) -> None:
    """To be called with `os.environ` before the first `xds:///` channel of the process; later calls change nothing for gRPC."""
    environment[_VARIABLE] = client_bootstrap(xds_servers, node_id=node_id, zone=zone, identity=identity)
