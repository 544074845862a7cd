"""HTTP templates of the contract as OpenAPI paths: `/v1/{name=movies/*}:details` is `/v1/movies/{movie}:details`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from google.api import http_pb2, resource_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from reelmesh.options.v1 import options_pb2

_VARIABLE = re.compile(r"\{([^={}]+)=([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Binding:
    """One HTTP form of a method. `fields` are the request fields (dotted) that the path holds; `parameters` name → pattern."""

    verb: str
    path: str
    body: str
    fields: frozenset[str]
    parameters: Mapping[str, str]


def bindings(rule: http_pb2.HttpRule, request: Descriptor, resources: Mapping[str, Sequence[str]]) -> Iterator[Binding]:
    verb = rule.WhichOneof("pattern") or ""
    template: str = getattr(rule, verb)
    fields: set[str] = set()
    parameters: dict[str, str] = {}

    def replace(match: re.Match[str]) -> str:
        field, collection = match[1], match[2]
        fields.add(field)
        names, patterns = resources[collection], _segments(_field(request, field), collection)
        parts = collection.split("/")
        stars = [index for index, part in enumerate(parts) if part == "*"]
        for name, index in zip(names, stars, strict=True):
            parts[index] = f"{{{name}}}"
            parameters[name] = patterns[index]
        return "/".join(parts)

    path = _VARIABLE.sub(replace, template)
    yield Binding(verb, path, rule.body, frozenset(fields), parameters)
    for additional in rule.additional_bindings:
        yield from bindings(additional, request, resources)


def resource_variables(messages: Sequence[Descriptor]) -> Mapping[str, Sequence[str]]:
    """From every `google.api.resource`: `movies/*/ratings/*` → (movie, user); its parent collections too."""
    found: dict[str, tuple[str, ...]] = {}
    for message in messages:
        for pattern in message.GetOptions().Extensions[resource_pb2.resource].pattern:
            parts = pattern.split("/")
            for end in range(1, len(parts) + 1):
                variables = tuple(re.findall(r"\{(\w+)\}", "/".join(parts[:end])))
                found.setdefault(re.sub(r"\{\w+\}", "*", "/".join(parts[:end])), variables)
    # Accounts belong to a context that is still to come; their names are in use already.
    found.setdefault("users/*", ("user",))
    return found


def _field(message: Descriptor, dotted: str) -> FieldDescriptor:
    head, _, tail = dotted.partition(".")
    field = message.fields_by_name[head]
    return _field(field.message_type, tail) if tail and field.message_type is not None else field


def _segments(field: FieldDescriptor, collection: str) -> Sequence[str]:
    """The pattern of each part of the name; a pattern with alternatives is searched for the one that begins like `collection`."""
    pattern = field.GetOptions().Extensions[options_pb2.limits].pattern
    wanted = collection.split("/")
    for choice in _alternatives(pattern):
        parts = choice.split("/")
        if len(parts) == len(wanted) and parts[0] == wanted[0]:
            return parts
    return ["[^/:]+" if part == "*" else part for part in wanted]


def _alternatives(pattern: str) -> Sequence[str]:
    """`(movies|users)/x` and `a/x|b/y` as plain patterns; only what the contract uses."""
    grouped = re.fullmatch(r"\((\w+(?:\|\w+)+)\)(/.*)", pattern)
    if grouped:
        return [head + grouped[2] for head in grouped[1].split("|")]
    return pattern.split("|")
