"""What the mesh asks of a registry."""

import ipaddress
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class RegistryUnavailable(Exception):
    """The registry cannot be read or written just now; what was known before still holds."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One running process of a context. `host` is an IP address: xDS endpoints carry no names.

    `instance_id` is unique in a registry. `metadata` is for operators: `pid`, `metrics` (host:port) and what else helps them.
    """

    context: str
    instance_id: str
    host: str
    port: int
    version: str = ""
    zone: str = "local"
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not self.context or not self.instance_id:
            raise ValueError("an instance has a context and an id")
        ipaddress.ip_address(self.host)
        if not 0 < self.port < 65536:
            raise ValueError(f"{self.port} is not a port")

    @property
    def address(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Registration(Protocol):
    """An announced instance; it is announced until `deregister` returns or its process dies."""

    async def deregister(self) -> None:
        """Takes the instance out on purpose. Doing it twice changes nothing."""


class Registry(Protocol):
    """Fail static is shared work: an adapter reports an instance gone only when it left or died, and reports nothing
    when it cannot see; the control plane keeps what it was told last."""

    async def register(self, instance: Instance) -> Registration:
        """Announces a serving instance; an earlier one of the same id is replaced. Raises RegistryUnavailable."""

    async def snapshot(self) -> frozenset[Instance]:
        """All instances now. Raises RegistryUnavailable."""

    def watch(self) -> AsyncIterator[frozenset[Instance]]:
        """All instances now (as soon as the registry can be read), and again after each change; never ends by itself."""
