"""What the edge reads from the contract's descriptor set: services, and which HTTP methods a path has."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2

from mesh.control_plane.snapshot import Method

_STANDARD = ("get", "put", "post", "delete", "patch")


class EdgeMethod(Method, Protocol):
    """What the edge needs of `mesh.policy.MethodPolicy`."""

    @property
    def client_streaming(self) -> bool: ...
    @property
    def server_streaming(self) -> bool: ...


def services(methods: Sequence[EdgeMethod]) -> list[str]:
    """Full names of the services that the methods belong to."""
    return sorted({method.path[1:].partition("/")[0] for method in methods})


def paths_by_methods(descriptor_set: bytes, transcoded: Sequence[str]) -> Mapping[frozenset[str], list[str]]:
    """HTTP methods → regular expressions (RE2) of the paths that have exactly these."""
    methods: dict[str, set[str]] = defaultdict(set)
    for rule in _rules(descriptor_set, frozenset(transcoded)):
        for method, template in _bindings(rule):
            methods[path_pattern(template)].add(method)
    grouped: dict[frozenset[str], list[str]] = defaultdict(list)
    for pattern in sorted(methods):
        grouped[frozenset(methods[pattern])].append(pattern)
    return grouped


def path_pattern(template: str) -> str:
    """`/v1/{name=movies/*}:details` as a regular expression for whole paths. A `*` holds no colon: what follows one is a verb."""
    without_names = re.sub(r"\{[^={}]+\}", "*", template)
    plain = re.sub(r"\{[^={}]+=([^{}]*)\}", r"\1", without_names)
    parts = re.split(r"(\*\*|\*)", plain)
    return "".join({"**": "[^:]+", "*": "[^/:]+"}.get(part) or re.escape(part).replace(r"\-", "-") for part in parts)


def _rules(descriptor_set: bytes, wanted: frozenset[str]) -> Iterator[http_pb2.HttpRule]:
    for file in descriptor_pb2.FileDescriptorSet.FromString(descriptor_set).file:
        for service in file.service:
            if f"{file.package}.{service.name}" in wanted:
                for method in service.method:
                    yield method.options.Extensions[annotations_pb2.http]


def _bindings(rule: http_pb2.HttpRule) -> Iterator[tuple[str, str]]:
    kind = rule.WhichOneof("pattern")
    if kind in _STANDARD:
        yield kind.upper(), getattr(rule, kind)
    elif kind == "custom":
        yield rule.custom.kind.upper(), rule.custom.path
    for additional in rule.additional_bindings:
        yield from _bindings(additional)
