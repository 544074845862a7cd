"""Update masks: which fields of a resource a request changes (https://google.aip.dev/134)."""

from collections.abc import Mapping, Sequence
from functools import cache

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from mesh.errors import InvalidArgument, Violation

_FIXED = frozenset({field_behavior_pb2.OUTPUT_ONLY, field_behavior_pb2.IDENTIFIER, field_behavior_pb2.IMMUTABLE})


def changed_fields(mask: FieldMask, resource: Message, named: str = "") -> frozenset[str]:
    """Top-level fields to change: the populated ones without a mask, all for `*`. An unknown or fixed path is a violation, and so is a
    required field that would be emptied; `named` is the request's field that holds the resource."""
    changeable = _changeable(resource.DESCRIPTOR)
    if not mask.paths:
        return frozenset(field.name for field, _ in resource.ListFields() if field.name in changeable)
    paths = list(changeable) if list(mask.paths) == ["*"] else list(mask.paths)
    wrong = [path for path in paths if path not in changeable]
    if wrong:
        known = ", ".join(sorted(changeable))
        raise InvalidArgument(
            [Violation("update_mask", f"{path!r} is not a field that can be changed; those are {known}") for path in wrong]
        )
    emptied = [path for path in paths if field_behavior_pb2.REQUIRED in _behavior(changeable[path]) and not getattr(resource, path)]
    if emptied:
        raise InvalidArgument([Violation(f"{named}.{path}".lstrip("."), "is required") for path in emptied])
    return frozenset(paths)


@cache
def _changeable(resource: Descriptor) -> Mapping[str, FieldDescriptor]:
    fields: Sequence[FieldDescriptor] = resource.fields
    return {field.name: field for field in fields if not _FIXED & _behavior(field) and field.name != "etag"}


def _behavior(field: FieldDescriptor) -> frozenset[int]:
    return frozenset(field.GetOptions().Extensions[field_behavior_pb2.field_behavior])
