"""What the process of control plane and edge is told by its environment."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from edge.options import MEBIBYTE


class EdgeSettings(BaseSettings):
    """Read from `REELMESH_*`. `listen` is where xDS is served, `edge_listen` where Envoy listens, `edge_cors_origins` with commas."""

    model_config = SettingsConfigDict(env_prefix="REELMESH_", frozen=True)

    listen: str = "127.0.0.1:18000"
    registry: Literal["local"] = "local"
    registry_dir: Path | None = None
    edge_listen: str = "127.0.0.1:8080"
    edge_max_body_bytes: int = 4 * MEBIBYTE
    edge_cors_origins: Annotated[tuple[str, ...], NoDecode] = ("*",)
    instance_id: str = "control-plane"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("edge_cors_origins", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
