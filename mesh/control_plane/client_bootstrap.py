"""The bootstrap that gRPC's xDS client reads, once for each process, from the environment."""

import json
from collections.abc import MutableMapping, Sequence

_VARIABLE = "GRPC_XDS_BOOTSTRAP_CONFIG"


def client_bootstrap(xds_servers: Sequence[str], *, node_id: str, cluster: str = "service", zone: str = "") -> str:
    """JSON for GRPC_XDS_BOOTSTRAP_CONFIG. `xds_servers` are host:port, the preferred one first."""
    if not xds_servers:
        raise ValueError("a client of the mesh needs at least one xDS server")
    servers = [
        {
            "server_uri": server,
            "channel_creds": [{"type": "insecure"}],
            # A context that a control plane does not know (yet, after its restart) keeps what is known about it.
            "server_features": ["xds_v3", "ignore_resource_deletion"],
        }
        for server in xds_servers
    ]
    return json.dumps({"xds_servers": servers, "node": {"id": node_id, "cluster": cluster, "locality": {"zone": zone}}})


def use_control_plane(environment: MutableMapping[str, str], xds_servers: Sequence[str], *, node_id: str, zone: str = "") -> None:
    """To be called with `os.environ` before the first `xds:///` channel of the process; later calls change nothing for gRPC."""
    environment[_VARIABLE] = client_bootstrap(xds_servers, node_id=node_id, zone=zone)
