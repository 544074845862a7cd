"""What a process is told by its environment; there is no other configuration."""

import os
import socket
from pathlib import Path
from typing import Literal

from pydantic import Field

from mesh.registry.settings import RegistrySettings


class Settings(RegistrySettings):
    """Read from `REELMESH_*`. Addresses are `host:port`; port 0 lets the kernel choose. Durations are seconds."""

    transport: Literal["grpcio", "envoy"] = "grpcio"
    listen: str = "127.0.0.1:0"
    advertise: str = ""
    database_url: str = ""
    database_pool_size: int = Field(default=10, ge=1, le=200)
    nats_url: str = ""
    xds_servers: str = ""
    jwks_file: Path | None = None
    token_issuer: str = "reelmesh"  # noqa: S105  # a name, not a secret
    token_audience: str = "reelmesh"  # noqa: S105  # a name, not a secret
    instance_id: str = ""
    version: str = "dev"
    commit: str = ""
    zone: str = "local"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    access_log_ratio: float = Field(default=0.01, ge=0, le=1)
    otlp_endpoint: str = ""
    trace_ratio: float = Field(default=0.01, ge=0, le=1)
    metrics_listen: str = ""
    drain_seconds: float = Field(default=10.0, gt=0, le=120)

    def instance_name(self, context: str) -> str:
        """A process id alone is the same in every container."""
        return self.instance_id or f"{context}-{socket.gethostname()}-{os.getpid()}"

    def xds_server_list(self) -> list[str]:
        return [server.strip() for server in self.xds_servers.split(",") if server.strip()]


def host_and_port(address: str) -> tuple[str, int]:
    """`127.0.0.1:8080` or `[::1]:8080` as host and port."""
    host, separator, port = address.rpartition(":")
    if not separator or not port.isdigit():
        raise ValueError(f"{address!r} is not host:port")
    return host.strip("[]"), int(port)
