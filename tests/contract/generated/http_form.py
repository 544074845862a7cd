"""The same request as HTTP/JSON: path, query and body as google.api.http says, written by hand on purpose, not by what the edge uses."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from google.protobuf import duration_pb2, field_mask_pb2, json_format, timestamp_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from tests.contract.generated.methods import Binding, Method


@dataclass(frozen=True)
class HttpForm:
    verb: str
    target: str
    body: bytes | None


class NoHttpForm(Exception):
    """No path of the method can carry these values."""


def http_form(method: Method, message: Message) -> HttpForm:
    """By the first binding whose path fits. Raises NoHttpForm."""
    for binding in method.bindings:
        if (path := _path(binding, message)) is not None:
            query = [] if binding.body == "*" else list(_query(binding, message))
            target = path + (f"?{urlencode(query)}" if query else "")
            return HttpForm(binding.verb, target, _body(binding, message))
    raise NoHttpForm


def http_form_of_stream(method: Method, messages: list[Message]) -> HttpForm:
    """A client stream is an array."""
    binding = method.bindings[0]
    return HttpForm(binding.verb, binding.template, json.dumps([_json(message) for message in messages]).encode())


def _path(binding: Binding, message: Message) -> str | None:
    path = binding.template
    for field, template in binding.variables.items():
        value: Any = message
        for part in field.split("."):
            value = getattr(value, part)
        if not re.fullmatch(re.escape(template).replace(r"\*", "[^/]+"), value) or "\0" in value:
            return None
        path = quote(value, safe="/").join(re.split(r"\{" + re.escape(field) + r"(?:=[^}]*)?\}", path))
    return path


def _query(binding: Binding, message: Message) -> Iterator[tuple[str, str]]:
    taken = {binding.body, *(path.partition(".")[0] for path in binding.variables)}
    for field, value in message.ListFields():
        if field.name not in taken:
            for one in value if field.is_repeated else [value]:
                yield field.json_name, _text(field, one)


def _text(field: FieldDescriptor, value: Any) -> str:
    if isinstance(value, field_mask_pb2.FieldMask | timestamp_pb2.Timestamp | duration_pb2.Duration):
        return value.ToJsonString()
    if field.type == FieldDescriptor.TYPE_ENUM:
        assert field.enum_type is not None
        known = field.enum_type.values_by_number.get(value)
        return known.name if known else str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(str(value), repr(value))
    return str(value)


def _body(binding: Binding, message: Message) -> bytes | None:
    if not binding.body:
        return None
    prefix = ""
    if binding.body != "*":
        if not message.HasField(binding.body):
            raise NoHttpForm  # a body that is not there is an empty message
        message, prefix = getattr(message, binding.body), f"{binding.body}."
    content = _json(message)
    for path in binding.variables:
        content.pop(path.removeprefix(prefix), None)
    return json.dumps(content).encode()


def _json(message: Message) -> dict[str, Any]:
    content: dict[str, Any] = json_format.MessageToDict(message)
    return content
