"""Which contexts the platform has: a later one is added here, in one line."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stack.errors import StackError


@dataclass(frozen=True, slots=True)
class Context:
    """A bounded context: its service is `python -m <name>_service`, its database carries its name.

    `extensions` are those PostgreSQL extensions that only a superuser can create, such as vector. `settings` are those of this service
    alone; `{data}` in them is the data directory, `{payments}` the URL of the payment provider's sandbox, which runs where it is named.
    """

    name: str
    extensions: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def module(self) -> str:
        return f"{self.name}_service"


CONTEXTS: tuple[Context, ...] = (
    Context("movie"),
    Context("rating"),
    Context("metadata"),
    Context(
        "recommender",
        settings={"REELMESH_RECOMMENDER_MODELS_DIR": "{data}/models", "REELMESH_RECOMMENDER_TRAINING_INTERVAL": str(24 * 3600)},
    ),
    Context(
        "identity",
        settings={
            "REELMESH_IDENTITY_SIGNING_KEY_FILE": "{data}/secrets/signing-key.pem",
            "REELMESH_IDENTITY_ADMIN_FILE": "{data}/secrets/admin-login.json",
        },
    ),
    Context("library"),
    Context(
        "booking",
        settings={"REELMESH_BOOKING_PAYMENTS_URL": "{payments}", "REELMESH_BOOKING_PAYMENTS_KEYS": "{data}/payments/keys.json"},
    ),
)


REGISTRIES = ("local", "consul")
TRANSPORTS = ("grpcio", "envoy")
_VERSION = re.compile(r"[a-z0-9][a-z0-9.]{0,31}")
_ZONE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True)
class Replica:
    """One process of a context. `version` is empty for the one that everybody runs."""

    context: Context
    name: str
    version: str
    zone: str


def default_transport() -> str:
    """envoy where its wheels and a shared libpython are, grpcio elsewhere."""
    from mesh.transport.envoy.launch import can_host

    return "envoy" if can_host() else "grpcio"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `reelmesh up` was asked for. With `edge` off there is no control plane either: databases, events and services only.

    `replicas` is `movie` or `movie@version` → processes. Those of a context are spread over `zones` in turn.
    `otlp` is a collector, or `jaeger` for one of our own; `trace_ratio` None leaves the services' own, or is 1 with a Jaeger of our own.
    `mtls` is the seconds that a certificate lasts, 0 for plain text.
    `consul_addr` is a Consul that runs already; with the registry "consul" and without it the stack has an agent of its own.
    """

    data_dir: Path
    edge_port: int = 8080
    replicas: dict[str, int] = field(default_factory=dict)
    control_planes: int = 1
    zones: Sequence[str] = ()
    registry: str = "local"
    consul_addr: str = ""
    transport: str = "grpcio"
    mtls: float = 0.0
    otlp: str = ""
    trace_ratio: float | None = None
    demo: bool = True
    edge: bool = True
    contexts: Sequence[Context] = CONTEXTS


def replicas_of(options: Options) -> Iterator[Replica]:
    """In the order of the contexts; each has one process unless `replicas` says otherwise."""
    for context in options.contexts:
        versions = [name.partition("@")[2] for name in options.replicas if name.startswith(f"{context.name}@")]
        for version in ("", *versions):
            key, prefix = (f"{context.name}@{version}", f"{context.name}-{version}") if version else (context.name, context.name)
            for number in range(options.replicas.get(key, 1)):
                zone = options.zones[number % len(options.zones)] if options.zones else ""
                yield Replica(context, f"{prefix}-{number + 1}", version, zone)


def parse_replicas(texts: Sequence[str], contexts: Sequence[Context] = CONTEXTS) -> dict[str, int]:
    """`movie=2`, `movie@v2=1` and so on; contexts that are not named run once, and versions not at all."""
    known, replicas = [context.name for context in contexts], {}
    for text in texts:
        key, _, count = text.partition("=")
        name, at, version = key.partition("@")
        if name not in known:
            raise StackError(f"--replicas {text}: there is no context {name!r}, there are {', '.join(known)}")
        if at and not _VERSION.fullmatch(version):
            raise StackError(f"--replicas {text}: a version is lower-case letters, digits and dots")
        if not count.isdecimal() or not 1 <= int(count) <= 32:
            raise StackError(f"--replicas {text}: the count has to be a number from 1 to 32")
        replicas[key] = int(count)
    return replicas


def parse_zones(text: str) -> tuple[str, ...]:
    """`a,b`."""
    zones = tuple(part.strip() for part in text.split(",") if part.strip())
    for zone in zones:
        if not _ZONE.fullmatch(zone):
            raise StackError(f"--zones {text}: a zone is lower-case letters, digits and dashes")
    return zones
