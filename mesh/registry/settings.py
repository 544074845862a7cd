"""What a process is told about its registry."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

_PREFIX = re.compile(r"[A-Za-z0-9-]*")


@dataclass(frozen=True, kw_only=True)
class RegistrySettings:
    """Read from `REELMESH_*`. `consul_addr` is `host:port`, or `https://host:port` for TLS; the files are PEM."""

    registry: Literal["local", "consul"] = "local"
    registry_dir: Path | None = None
    consul_addr: str = "127.0.0.1:8500"
    consul_token: str = field(default="", repr=False)
    consul_ca_file: Path | None = None
    consul_cert_file: Path | None = None
    consul_key_file: Path | None = None
    consul_prefix: str = "reelmesh-"

    def __post_init__(self) -> None:
        if not _PREFIX.fullmatch(self.consul_prefix):
            raise ValueError("consul_prefix has letters, digits and dashes only")

    @property
    def consul_url(self) -> str:
        """Raises ValueError when the address is none."""
        url = self.consul_addr if "//" in self.consul_addr else f"http://{self.consul_addr}"
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or not parts.port:
            raise ValueError(f"{self.consul_addr!r} is neither host:port nor https://host:port")
        return f"{parts.scheme}://{parts.netloc}"
