"""Requests with one rule of the contract broken, of any message."""

import math
from collections.abc import Callable, Iterator
from typing import Any

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st

from tests.contract.generated.messages import Known, behaves, is_map, limits_of, valid

Break = Callable[[Message], None]
_UNKNOWN_ENUM = 77


def broken(descriptor: Descriptor, known: Known) -> st.SearchStrategy[Message] | None:
    """None for a message in which nothing can be wrong."""
    breaks = list(_breaks(descriptor, lambda message: message))
    if not breaks:
        return None

    def apply(message: Message, chosen: list[Break]) -> Message:
        for one in chosen:
            one(message)
        return message

    return st.builds(apply, valid(descriptor, known), st.lists(st.sampled_from(breaks), min_size=1, max_size=2, unique=True))


def _breaks(descriptor: Descriptor, inside: Callable[[Message], Message]) -> Iterator[Break]:
    for field in descriptor.fields:
        if behaves(field, field_behavior_pb2.OUTPUT_ONLY):
            continue
        if behaves(field, field_behavior_pb2.REQUIRED):
            yield _clearing(inside, field.name)
        for value in _wrong_values(field):
            yield _setting(inside, field, value)
        if field.is_repeated and not is_map(field) and field.message_type is None:
            yield _repeating(inside, field)
        if field.message_type is not None and not field.is_repeated and not field.message_type.full_name.startswith("google."):
            yield from _breaks(field.message_type, _getting(inside, field.name))


def _wrong_values(field: FieldDescriptor) -> Iterator[Any]:
    limits = limits_of(field)
    match field.type:
        case FieldDescriptor.TYPE_STRING:
            yield "x" * ((limits.max_length or 1_000) + 1)
            yield "nul\0nul"
            if limits.pattern:
                yield " ?%/é:"
        case FieldDescriptor.TYPE_ENUM:
            yield _UNKNOWN_ENUM
        case FieldDescriptor.TYPE_DOUBLE:
            yield from (math.nan, math.inf)
            yield from [limits.max + 1] if limits.HasField("max") else []
            yield from [limits.min - 0.1] if limits.HasField("min") else []
            yield from [limits.min + limits.step / 2] if limits.step else []
        case FieldDescriptor.TYPE_INT32:
            yield from [int(limits.min) - 1] if limits.HasField("min") else []
            yield from [int(limits.max) + 1] if limits.HasField("max") else []


def _getting(inside: Callable[[Message], Message], name: str) -> Callable[[Message], Message]:
    def get(message: Message) -> Message:
        found: Message = getattr(inside(message), name)
        return found

    return get


def _clearing(inside: Callable[[Message], Message], name: str) -> Break:
    return lambda message: inside(message).ClearField(name)


def _setting(inside: Callable[[Message], Message], field: FieldDescriptor, value: Any) -> Break:
    def apply(message: Message) -> None:
        if field.is_repeated:
            getattr(inside(message), field.name).append(value)
        else:
            setattr(inside(message), field.name, value)

    return apply


def _repeating(inside: Callable[[Message], Message], field: FieldDescriptor) -> Break:
    def apply(message: Message) -> None:
        values = getattr(inside(message), field.name)
        values.extend(list(values)[:1] * ((limits_of(field).max_items or 1_000) if len(values) % 2 else 1))

    return apply
