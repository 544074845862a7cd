"""A request of any method about something that a given user owns: the least that the contract asks for."""

import re
from typing import Any

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tests.contract.generated.messages import behaves, limits_of, matching

_ID = re.escape("[a-z0-9][a-z0-9-]{0,62}")
# What fits most patterns: drawing a text from a pattern takes long.
_SIMPLE = ("x", "en", "000000", "a passphrase of some length", "a@example.org", "movies/tt0114709", "2026-01-01")
_CHOICE = re.compile(r"\(([^()|]*)\|[^()]*\)")
_BELOW = "users/"
_NUMBERS = (FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_DOUBLE)


class NothingOwned(Exception):
    """The request names nothing whose name says whose it is: the test needs a case of its own for the method."""


def owned_request(descriptor: Descriptor, owner: str) -> Message:
    """About `users/{owner}` or what is below. Raises NothingOwned."""
    message = _least(descriptor, owner)
    if f"{_BELOW}{owner}" not in str(message):
        raise NothingOwned(f"{descriptor.full_name}: no field of it is a name below users/")
    return message


def _least(descriptor: Descriptor, owner: str) -> Message:
    needed = [
        field for field in descriptor.fields if behaves(field, field_behavior_pb2.REQUIRED) or limits_of(field).pattern.startswith(_BELOW)
    ]
    values = {field.name: [_value(field, owner)] if field.is_repeated else _value(field, owner) for field in needed}
    return GetMessageClass(descriptor)(**values)


def _value(field: FieldDescriptor, owner: str) -> Any:
    limits = limits_of(field)
    if field.message_type is not None:
        return _least(field.message_type, owner)
    if field.enum_type is not None:
        return sorted(field.enum_type.values_by_number)[1]
    if field.type in _NUMBERS:
        return limits.min or limits.step or 1
    if field.type == FieldDescriptor.TYPE_BYTES:
        return b"x"
    if not limits.pattern:
        return "x"
    if limits.pattern.startswith(_BELOW):
        return _CHOICE.sub(r"\1", re.sub(_ID, "x", re.sub(_ID, owner, limits.pattern, count=1)))
    simple = next((text for text in _SIMPLE if re.fullmatch(limits.pattern, text)), None)
    return simple or matching(limits.pattern, limits.max_length or 1_000)[0]
