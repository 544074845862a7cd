"""What a process is told about its registry."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class RegistrySettings(BaseSettings):
    """Read from `REELMESH_*`. `consul_addr` is `host:port`, or `https://host:port` for TLS; the files are PEM."""

    model_config = SettingsConfigDict(env_prefix="REELMESH_", frozen=True)

    registry: Literal["local", "consul"] = "local"
    registry_dir: Path | None = None
    consul_addr: str = "127.0.0.1:8500"
    consul_token: SecretStr = SecretStr("")
    consul_ca_file: Path | None = None
    consul_cert_file: Path | None = None
    consul_key_file: Path | None = None
    consul_prefix: str = Field(default="reelmesh-", pattern=r"^[A-Za-z0-9-]*$")

    @property
    def consul_url(self) -> str:
        """Raises ValueError when the address is none."""
        url = self.consul_addr if "//" in self.consul_addr else f"http://{self.consul_addr}"
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or not parts.port:
            raise ValueError(f"{self.consul_addr!r} is neither host:port nor https://host:port")
        return f"{parts.scheme}://{parts.netloc}"
