"""What a process is told by its environment; there is no other configuration."""

import json
import os
import socket
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from annotated_types import Interval, Predicate

from mesh.registry.settings import RegistrySettings
from mesh.service_tokens import are_long_enough
from mesh.tls.settings import TlsSettings


@dataclass(frozen=True, kw_only=True)
class Settings(RegistrySettings, TlsSettings):
    """Read from `REELMESH_*`. Addresses are `host:port`; port 0 lets the kernel choose. Durations are seconds.

    `token_lifetime` is the longest that an access token of a session holds; `service_secrets` are what services show each other, see
    `mesh.service_tokens`.
    """

    transport: Literal["grpcio", "envoy"] = "grpcio"
    listen: str = "127.0.0.1:0"
    advertise: str = ""
    database_url: str = ""
    database_pool_size: Annotated[int, Interval(ge=1, le=200)] = 10
    nats_url: str = ""
    xds_servers: str = ""
    jwks_file: Path | None = None
    jwks_url: str = ""
    token_issuer: str = "reelmesh"  # noqa: S105  # a name, not a secret
    token_audience: str = "reelmesh"  # noqa: S105  # a name, not a secret
    token_lifetime: Annotated[float, Interval(gt=0, le=86_400)] = 900.0
    service_secrets: Annotated[str, Predicate(are_long_enough)] = ""
    instance_id: str = ""
    version: str = "dev"
    commit: str = ""
    zone: str = "local"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    access_log_ratio: Annotated[float, Interval(ge=0, le=1)] = 0.01
    otlp_endpoint: str = ""
    trace_ratio: Annotated[float, Interval(ge=0, le=1)] = 0.01
    metrics_listen: str = ""
    drain_seconds: Annotated[float, Interval(gt=0, le=120)] = 10.0

    def instance_name(self, context: str) -> str:
        """A process id alone is the same in every container."""
        return self.instance_id or f"{context}-{socket.gethostname()}-{os.getpid()}"

    def xds_server_list(self) -> list[str]:
        return [server.strip() for server in self.xds_servers.split(",") if server.strip()]


def written_settings(settings: Settings) -> str:
    """As text for another process of ours, see `checked_settings`."""
    return json.dumps(asdict(settings), default=str)


def checked_settings(text: str) -> Settings:
    """What `written_settings` wrote, of settings that have been checked."""
    values: dict[str, Any] = json.loads(text)
    for field in fields(Settings):
        if Path in get_args(field.type) and values[field.name] is not None:
            values[field.name] = Path(values[field.name])
    return Settings(**values)


def host_and_port(address: str) -> tuple[str, int]:
    """`127.0.0.1:8080` or `[::1]:8080` as host and port."""
    host, separator, port = address.rpartition(":")
    if not separator or not port.isdigit():
        raise ValueError(f"{address!r} is not host:port")
    return host.strip("[]"), int(port)
