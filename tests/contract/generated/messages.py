"""Hypothesis strategies for any message of the contract, made from its descriptor, its required fields and its limits."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from google.api import field_behavior_pb2
from google.protobuf import duration_pb2, field_mask_pb2, timestamp_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reelmesh.options.v1 import options_pb2

# Values that exist, by the pattern of the fields that they fit; a generated name would nearly always be one that is not there.
Known = Mapping[str, Sequence[str]]

_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_LENGTH, _ITEMS, _TEXTS = 20, 4, 100
_INTEGERS = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
}
_MASK_PATHS = ("*", "no_such_field", "name", "etag")
# Only servers know the right ones: mostly left out, else nothing generated would ever be answered.
_OPAQUE = ("etag", "page_token")


def valid(descriptor: Descriptor, known: Known) -> st.SearchStrategy[Message]:
    """Messages that keep every rule of the contract that a descriptor can say."""
    required: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for field in descriptor.fields:
        if not behaves(field, field_behavior_pb2.OUTPUT_ONLY):
            strategy = _field(descriptor, field, known)
            always = behaves(field, field_behavior_pb2.REQUIRED) or behaves(field, field_behavior_pb2.IDENTIFIER)
            (required if always else optional)[field.name] = strategy
    kind = GetMessageClass(descriptor)
    return st.fixed_dictionaries(required, optional=optional).map(lambda values: kind(**values))


def limits_of(field: FieldDescriptor) -> options_pb2.FieldRules:
    return field.GetOptions().Extensions[options_pb2.limits]


def behaves(field: FieldDescriptor, behaviour: int) -> bool:
    return behaviour in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]


def is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _field(message: Descriptor, field: FieldDescriptor, known: Known) -> st.SearchStrategy[Any]:
    if _is(field, "FieldMask"):
        return _mask(message)
    if field.name in _OPAQUE:
        return st.sampled_from(["", "", "", "", "made-up"])
    if is_map(field):
        text = st.text(_CHARACTERS, min_size=1, max_size=8)
        return st.dictionaries(text, text, min_size=1, max_size=3)
    value = _value(field, known)
    if not field.is_repeated:
        return value
    by_itself = field.type == FieldDescriptor.TYPE_MESSAGE
    return st.lists(value, min_size=1, max_size=_ITEMS, unique_by=(lambda item: item.SerializeToString()) if by_itself else (lambda i: i))


def _value(field: FieldDescriptor, known: Known) -> st.SearchStrategy[Any]:
    limits = limits_of(field)
    match field.type:
        case FieldDescriptor.TYPE_MESSAGE:
            return _message(field, known)
        case FieldDescriptor.TYPE_STRING:
            return _string(limits, known)
        case FieldDescriptor.TYPE_BOOL:
            return st.booleans()
        case FieldDescriptor.TYPE_ENUM:
            assert field.enum_type is not None
            return st.sampled_from(sorted(field.enum_type.values_by_number)[1:])
        case FieldDescriptor.TYPE_DOUBLE | FieldDescriptor.TYPE_FLOAT:
            low, high = limits.min if limits.HasField("min") else -1e6, limits.max if limits.HasField("max") else 1e6
            step = limits.step or 0.25
            return st.integers(int(-(-low // step)), int(high // step)).map(lambda times: times * step)
        case _:
            low, high = _INTEGERS[field.type]
            return st.one_of(
                st.integers(int(max(low, limits.min if limits.HasField("min") else low)), int(limits.max or high)),
                st.integers(int(limits.min if limits.HasField("min") else -3), int(min(limits.max, 10) if limits.max > limits.min else 10))
                if not limits.HasField("min") or limits.min < 10
                else st.nothing(),
            )


def _message(field: FieldDescriptor, known: Known) -> st.SearchStrategy[Message]:
    assert field.message_type is not None
    if _is(field, "Timestamp"):
        return st.builds(timestamp_pb2.Timestamp, seconds=st.integers(0, 4_000_000_000), nanos=st.sampled_from([0, 5_000_000, 1_000]))
    if _is(field, "Duration"):
        return st.builds(duration_pb2.Duration, seconds=st.integers(0, 400_000))
    return valid(field.message_type, known)


def _string(limits: options_pb2.FieldRules, known: Known) -> st.SearchStrategy[str]:
    if not limits.pattern:
        return st.text(_CHARACTERS, min_size=1, max_size=min(limits.max_length or _LENGTH, _LENGTH))
    made = st.sampled_from(matching(limits.pattern, limits.max_length or 1_000))
    if not known.get(limits.pattern):
        return made
    exists = st.sampled_from(known[limits.pattern])
    return st.one_of(exists, exists, exists, made)


@cache
def matching(pattern: str, longest: int) -> Sequence[str]:
    """A few hundred: to draw a text from its pattern takes longer than all the rest of a message."""
    ascii = st.characters(codec="ascii")
    texts = st.from_regex(pattern, fullmatch=True, alphabet=ascii).filter(lambda text: len(text) <= longest and text.isprintable())
    found: dict[str, None] = {}
    chosen = settings(
        max_examples=_TEXTS, database=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    chosen(given(texts)(lambda text: found.setdefault(text)))()
    return tuple(found)


def _mask(request: Descriptor) -> st.SearchStrategy[Message]:
    """Paths of the resource that the request carries, and now and then one that is not there."""
    resource = next(field.message_type for field in request.fields if field.message_type and not _is(field, "FieldMask"))
    names = [field.name for field in resource.fields if not behaves(field, field_behavior_pb2.OUTPUT_ONLY)]
    some = st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True)
    paths = st.one_of(some, st.sampled_from(_MASK_PATHS).map(lambda path: [path]))
    return paths.map(lambda chosen: field_mask_pb2.FieldMask(paths=chosen))


def _is(field: FieldDescriptor, well_known: str) -> bool:
    return field.message_type is not None and field.message_type.full_name == f"google.protobuf.{well_known}"
