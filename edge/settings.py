"""What the process of control plane and edge is told by its environment."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Interval
from pydantic import BeforeValidator

from edge.options import MEBIBYTE
from mesh.registry.settings import RegistrySettings
from mesh.tls.settings import TlsSettings


def _listed(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


_List = Annotated[tuple[str, ...], BeforeValidator(_listed)]


@dataclass(frozen=True, kw_only=True)
class EdgeSettings(RegistrySettings, TlsSettings):
    """Read from `REELMESH_*`. `listen` is where xDS is served, `http_listen` where metrics, scrape targets and readiness are, `edge_listen`
    where Envoy listens, `rules_file` what `reelmesh canary` and `reelmesh fault` write.

    The limits are requests per second of one address and of one user, 0 for none; `edge_trusted_hops` is how many proxies stand in front of
    the edge.

    With commas: `edge_cors_origins`; `edge_control_planes`, the pages of all control planes as the edge reaches them (this one's own unless
    given); `edge_admins`, the administration interfaces of the edge's Envoys, to be scraped.
    """

    listen: str = "127.0.0.1:18000"
    rules_file: Path | None = None
    jwks_file: Path | None = None
    jwks_url: str = ""
    token_issuer: str = "reelmesh"  # noqa: S105  # a name, not a secret
    token_audience: str = "reelmesh"  # noqa: S105  # a name, not a secret
    edge_listen: str = "127.0.0.1:8080"
    edge_max_body_bytes: int = 4 * MEBIBYTE
    edge_cors_origins: _List = ("*",)
    edge_address_limit: Annotated[int, Interval(ge=0, le=1_000_000)] = 10_000
    edge_user_limit: Annotated[int, Interval(ge=0, le=1_000_000)] = 10_000
    edge_trusted_hops: Annotated[int, Interval(ge=0, le=10)] = 0
    edge_control_planes: _List = ()
    edge_admins: _List = ()
    http_listen: str = "127.0.0.1:18001"
    otlp_endpoint: str = ""
    trace_ratio: Annotated[float, Interval(ge=0, le=1)] = 0.01
    access_log_ratio: Annotated[float, Interval(ge=0, le=1)] = 0.01
    instance_id: str = "control-plane"
    version: str = "dev"
    commit: str = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @property
    def control_plane_pages(self) -> tuple[str, ...]:
        """Where the edge and Prometheus find the pages of every control plane."""
        return self.edge_control_planes or (self.http_listen,)
