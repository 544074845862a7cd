"""JSON Schema of messages in proto3's JSON mapping (https://protobuf.dev/programming-guides/json/), with the contract's limits."""

from collections.abc import Mapping
from typing import Any, TypeVar

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from mesh.validation import DEFAULT_MAX_ITEMS, DEFAULT_MAX_LENGTH
from reelmesh.options.v1 import options_pb2

Schema = dict[str, Any]
T = TypeVar("T")

_KINDS = FieldDescriptor
_WELL_KNOWN: dict[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$"},
    "google.protobuf.FieldMask": {"type": "string", "maxLength": DEFAULT_MAX_LENGTH},
    "google.protobuf.Empty": {"type": "object"},
}
_INTEGERS = {
    _KINDS.TYPE_INT32: "int32",
    _KINDS.TYPE_SINT32: "int32",
    _KINDS.TYPE_SFIXED32: "int32",
    _KINDS.TYPE_UINT32: "uint32",
    _KINDS.TYPE_FIXED32: "uint32",
}


class Schemas:
    """Collects the component schemas that operations refer to. `texts` are the contract's comments."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self.components: dict[str, Schema] = {}

    def reference(self, message: Descriptor) -> Schema:
        """A reference to the message's schema, which is among the components from now on."""
        known = _WELL_KNOWN.get(message.full_name)
        if known is not None:
            return dict(known)
        name = component_name(message)
        if name not in self.components:
            self.components[name] = {}  # before its fields: a message may contain itself
            self.components[name] = self.object_of(message)
        return {"$ref": f"#/components/schemas/{name}"}

    def object_of(self, message: Descriptor, without: frozenset[str] = frozenset()) -> Schema:
        """The message as an object, `without` some of its fields."""
        properties = {field.json_name: self.field(field) for field in message.fields if field.name not in without}
        schema: Schema = {"type": "object", "properties": properties}
        if message.full_name in self._texts:
            schema["description"] = self._texts[message.full_name]
        return schema

    def field(self, field: FieldDescriptor) -> Schema:
        """One field, described; read-only ones are marked."""
        schema = self.values(field)
        text = self._texts.get(f"{_described(field.containing_type).full_name}.{field.name}")
        if text:
            schema["description"] = text
        if is_output_only(field):
            schema["readOnly"] = True
        return schema

    def values(self, field: FieldDescriptor) -> Schema:
        """What the field may hold: for a repeated field an array, for a map an object."""
        limits = field.GetOptions().Extensions[options_pb2.limits]
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            values = self._single(field.message_type.fields_by_name["value"], optional=False)
            return {"type": "object", "additionalProperties": values}
        if not field.is_repeated:
            return self._single(field, optional=not field.has_presence and not is_required(field))
        array: Schema = {"type": "array", "items": self._single(field, optional=False)}
        if not is_output_only(field):
            array["maxItems"] = limits.max_items or DEFAULT_MAX_ITEMS
        if limits.unique:
            array["uniqueItems"] = True
        if is_required(field):
            array["minItems"] = 1
        return array

    def _single(self, field: FieldDescriptor, *, optional: bool) -> Schema:
        """One value. An `optional` one may hold its type's default too, which JSON answers print and requests may send."""
        limits = field.GetOptions().Extensions[options_pb2.limits]
        match field.type:
            case _KINDS.TYPE_MESSAGE:
                return self.reference(_described(field.message_type))
            case _KINDS.TYPE_ENUM:
                return _enum(_described(field.enum_type), self._texts)
            case _KINDS.TYPE_STRING:
                return _string(limits, optional, bounded=not is_output_only(field))
            case _KINDS.TYPE_BOOL:
                return {"type": "boolean"}
            case _KINDS.TYPE_BYTES:
                return {"type": "string", "format": "byte"}
            case _KINDS.TYPE_DOUBLE | _KINDS.TYPE_FLOAT:
                return _number({"type": "number", "format": "double"}, limits, optional)
            case kind if kind in _INTEGERS:
                bounds = {"int32": (-(1 << 31), (1 << 31) - 1), "uint32": (0, (1 << 32) - 1)}[_INTEGERS[kind]]
                plain = {"type": "integer", "format": _INTEGERS[kind], "minimum": bounds[0], "maximum": bounds[1]}
                return _number(plain, limits, optional)
            case _:
                return {"type": "string", "format": "int64", "pattern": "^-?[0-9]{1,20}$"}


def component_name(message: Descriptor) -> str:
    """`movie.v1.Movie`: unique, and shorter than the full name."""
    return message.full_name.removeprefix("reelmesh.")


def is_required(field: FieldDescriptor) -> bool:
    return field_behavior_pb2.REQUIRED in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]


def is_output_only(field: FieldDescriptor) -> bool:
    return field_behavior_pb2.OUTPUT_ONLY in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]


def required_names(message: Descriptor) -> list[str]:
    return [field.json_name for field in message.fields if is_required(field)]


def _string(limits: options_pb2.FieldRules, optional: bool, *, bounded: bool) -> Schema:
    schema: Schema = {"type": "string"}
    if bounded:
        schema["maxLength"] = limits.max_length or DEFAULT_MAX_LENGTH
    if limits.pattern:
        schema["pattern"] = f"^({limits.pattern})?$" if optional else f"^({limits.pattern})$"
    elif not optional and bounded:
        schema["minLength"] = 1
    return schema


def _number(plain: Schema, limits: options_pb2.FieldRules, optional: bool) -> Schema:
    schema = dict(plain)
    if limits.HasField("min"):
        schema["minimum"] = _tidy(limits.min)
    if limits.HasField("max"):
        schema["maximum"] = _tidy(limits.max)
    if limits.HasField("step"):
        schema["multipleOf"] = limits.step
    if optional and limits.HasField("min") and limits.min > 0:
        return {"anyOf": [schema, {"const": 0}]}
    return schema


def _tidy(value: float) -> float | int:
    return int(value) if value.is_integer() else value


def _enum(enum: EnumDescriptor, texts: Mapping[str, str]) -> Schema:
    schema: Schema = {"type": "string", "enum": [value.name for value in enum.values]}
    if enum.full_name in texts:
        schema["description"] = texts[enum.full_name]
    return schema


def _described(kind: T | None) -> T:
    assert kind is not None  # noqa: S101  # the field's type says that it has one
    return kind
