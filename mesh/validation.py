"""Checks a request against the contract: required fields and limits, every violation at once.

A checker is compiled once per message type from `google.api.field_behavior` and `reelmesh.options.v1.limits`; what a
field does not say is bounded by the defaults below, so that no input is unlimited.
"""

import math
import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, TypeVar

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from mesh.errors import InvalidArgument, Violation
from reelmesh.options.v1 import options_pb2

DEFAULT_MAX_LENGTH = 1_000  # characters of a string
DEFAULT_MAX_ITEMS = 1_000  # elements of a repeated field
DEFAULT_MAX_BYTES = 64 * 1024  # of a bytes field
_MAX_VIOLATIONS = 50

# Seconds of 0001-01-01 and 9999-12-31, and of the longest Duration (protobuf's own definition of both types).
_TIMESTAMP_SECONDS = (-62_135_596_800, 253_402_300_799)
_DURATION_SECONDS = (-315_576_000_000, 315_576_000_000)

Check = Callable[[Message, str, list[Violation]], None]
T = TypeVar("T")
ValueCheck = Callable[[Any, str, list[Violation]], None]


def validate(request: Message) -> None:
    """Raise InvalidArgument with all violations of `request`, paths in proto field names (`movie.genres[2]`)."""
    violations: list[Violation] = []
    checker(request.DESCRIPTOR)(request, "", violations)
    if violations:
        raise InvalidArgument(violations[:_MAX_VIOLATIONS])


@cache
def checker(descriptor: Descriptor) -> Check:
    """The checker of a message type; in an update, its resource is held to REQUIRED only where the mask says so."""
    mask = descriptor.fields_by_name.get("update_mask")
    checks = [_field_check(field, partial=mask is not None) for field in descriptor.fields if not _is_output_only(field)]

    def check(message: Message, prefix: str, violations: list[Violation]) -> None:
        for check_field in checks:
            check_field(message, prefix, violations)

    return check


@cache
def _partial_checker(descriptor: Descriptor) -> Check:
    """The resource of an update: only its name is required, since an absent field means "leave as it is"."""
    checks = [_field_check(field, required=field.name == "name") for field in descriptor.fields if not _is_output_only(field)]

    def check(message: Message, prefix: str, violations: list[Violation]) -> None:
        for check_field in checks:
            check_field(message, prefix, violations)

    return check


def _field_check(field: FieldDescriptor, *, partial: bool = False, required: bool | None = None) -> Check:
    name = field.name
    required = _is_required(field) if required is None else required
    check_value = _value_check(field, partial)
    limits = field.GetOptions().Extensions[options_pb2.limits]
    if field.is_repeated:
        return _repeated_check(field, required, check_value, limits)
    has_presence = field.has_presence

    def check(message: Message, prefix: str, violations: list[Violation]) -> None:
        absent = not message.HasField(name) if has_presence else not getattr(message, name)
        if not absent:
            check_value(getattr(message, name), prefix + name, violations)
        elif required:
            violations.append(Violation(prefix + name, "is required"))

    return check


def _repeated_check(field: FieldDescriptor, required: bool, check_value: ValueCheck, limits: options_pb2.FieldRules) -> Check:
    name, most, unique = field.name, limits.max_items or DEFAULT_MAX_ITEMS, limits.unique
    is_map = field.message_type is not None and field.message_type.GetOptions().map_entry

    def check(message: Message, prefix: str, violations: list[Violation]) -> None:
        values = getattr(message, name)
        if not values:
            if required:
                violations.append(Violation(prefix + name, "is required"))
            return
        if len(values) > most:
            violations.append(Violation(prefix + name, f"has {len(values)} items, at most {most} are allowed"))
            return
        if unique and len({str(value) for value in values}) != len(values):
            violations.append(Violation(prefix + name, "must not repeat an item"))
        if is_map or limits.checked_per_item:
            return
        for index, value in enumerate(values):
            check_value(value, f"{prefix}{name}[{index}]", violations)

    return check


def _value_check(field: FieldDescriptor, partial: bool) -> ValueCheck:
    limits = field.GetOptions().Extensions[options_pb2.limits]
    match field.type:
        case FieldDescriptor.TYPE_MESSAGE:
            return _message_check(_described(field.message_type), partial)
        case FieldDescriptor.TYPE_STRING:
            return _string_check(limits.max_length or DEFAULT_MAX_LENGTH, limits.pattern)
        case FieldDescriptor.TYPE_BYTES:
            return _bytes_check(limits.max_length or DEFAULT_MAX_BYTES)
        case FieldDescriptor.TYPE_ENUM:
            return _enum_check(_described(field.enum_type).values_by_number)
        case FieldDescriptor.TYPE_BOOL:
            return lambda value, path, violations: None
        case _:
            return _number_check(limits)


def _message_check(descriptor: Descriptor, partial: bool) -> ValueCheck:
    if descriptor.full_name == "google.protobuf.Timestamp":
        return _seconds_check(*_TIMESTAMP_SECONDS, "is not a point in time between the years 1 and 9999")
    if descriptor.full_name == "google.protobuf.Duration":
        return _seconds_check(*_DURATION_SECONDS, "is not a valid duration")
    if descriptor.full_name.startswith("google.protobuf."):
        return lambda value, path, violations: None
    # Looked up when first used: message types may refer to themselves.
    find = _partial_checker if partial else checker
    return lambda value, path, violations: find(descriptor)(value, path + ".", violations)


def _seconds_check(low: int, high: int, complaint: str) -> ValueCheck:
    def check(value: Any, path: str, violations: list[Violation]) -> None:
        if not low <= value.seconds <= high or not -1_000_000_000 < value.nanos < 1_000_000_000:
            violations.append(Violation(path, complaint))

    return check


def _string_check(longest: int, pattern: str) -> ValueCheck:
    matches = re.compile(pattern).fullmatch if pattern else None

    def check(value: str, path: str, violations: list[Violation]) -> None:
        if len(value) > longest:
            violations.append(Violation(path, f"has {len(value)} characters, at most {longest} are allowed"))
        elif matches is not None and not matches(value):
            violations.append(Violation(path, f"must match {pattern}"))
        elif "\0" in value:
            violations.append(Violation(path, "must not contain the NUL character"))

    return check


def _bytes_check(longest: int) -> ValueCheck:
    def check(value: bytes, path: str, violations: list[Violation]) -> None:
        if len(value) > longest:
            violations.append(Violation(path, f"has {len(value)} bytes, at most {longest} are allowed"))

    return check


def _enum_check(known: Iterable[int]) -> ValueCheck:
    numbers = frozenset(known)

    def check(value: int, path: str, violations: list[Violation]) -> None:
        if value not in numbers:
            violations.append(Violation(path, f"{value} is not one of its values"))

    return check


def _number_check(limits: options_pb2.FieldRules) -> ValueCheck:
    bounded = limits.HasField("min") or limits.HasField("max")
    low = limits.min if limits.HasField("min") else -math.inf
    high = limits.max if limits.HasField("max") else math.inf
    step = limits.step
    complaint = (
        f"must be between {low:g} and {high:g}"
        if math.isfinite(low + high)
        else f"must be at least {low:g}"
        if math.isfinite(low)
        else f"must be at most {high:g}"
    )

    def check(value: float, path: str, violations: list[Violation]) -> None:
        if not math.isfinite(value):
            violations.append(Violation(path, "must be a finite number"))
        elif bounded and not low <= value <= high:
            violations.append(Violation(path, complaint))
        elif step and (value / step) % 1:
            violations.append(Violation(path, f"must be a multiple of {step:g}"))

    return check


def _described(kind: T | None) -> T:
    assert kind is not None  # noqa: S101  # the field's type says that it has one
    return kind


def _is_required(field: FieldDescriptor) -> bool:
    return field_behavior_pb2.REQUIRED in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]


def _is_output_only(field: FieldDescriptor) -> bool:
    return field_behavior_pb2.OUTPUT_ONLY in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
