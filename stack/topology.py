"""Which contexts the platform has: a later one is added here, in one line."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stack.errors import StackError


@dataclass(frozen=True, slots=True)
class Context:
    """A bounded context: its service is `python -m <name>_service`, its database carries its name.

    `extensions` are those PostgreSQL extensions that only a superuser can create, such as vector.
    """

    name: str
    extensions: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        return f"{self.name}_service"


CONTEXTS: tuple[Context, ...] = (
    Context("movie"),
    Context("rating"),
    Context("metadata"),
)


REGISTRIES = ("local", "consul")
TRANSPORTS = ("grpcio", "envoy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `reelmesh up` was asked for. With `edge` off there is no control plane either: databases, events and services only.

    `otlp` is a collector, or `jaeger` for one of our own; `trace_ratio` None leaves the services' own, or is 1 with a Jaeger of our own.
    `consul_addr` is a Consul that runs already; with the registry "consul" and without it the stack has an agent of its own.
    """

    data_dir: Path
    edge_port: int = 8080
    replicas: dict[str, int] = field(default_factory=dict)
    registry: str = "local"
    consul_addr: str = ""
    transport: str = "grpcio"
    otlp: str = ""
    trace_ratio: float | None = None
    demo: bool = True
    edge: bool = True
    contexts: Sequence[Context] = CONTEXTS


def parse_replicas(texts: Sequence[str], contexts: Sequence[Context] = CONTEXTS) -> dict[str, int]:
    """`movie=2` and so on; contexts that are not named run once."""
    known, replicas = [context.name for context in contexts], {}
    for text in texts:
        name, _, count = text.partition("=")
        if name not in known:
            raise StackError(f"--replicas {text}: there is no context {name!r}, there are {', '.join(known)}")
        if not count.isdecimal() or not 1 <= int(count) <= 32:
            raise StackError(f"--replicas {text}: the count has to be a number from 1 to 32")
        replicas[name] = int(count)
    return replicas
