"""What resources are made of, for one kind of client in one zone."""

from collections.abc import Callable
from dataclasses import dataclass

from mesh.control_plane.resources import Resources
from mesh.control_plane.rules import NO_RULES, Rules
from mesh.registry.port import Instance


@dataclass(frozen=True, slots=True)
class View:
    """`zone` is where the clients are; empty for those in no zone that has instances. `jwks` are the public keys of access tokens as JSON,
    empty while they are not known."""

    instances: frozenset[Instance]
    rules: Rules = NO_RULES
    zone: str = ""
    jwks: str = ""


Builder = Callable[[View], Resources]
