"""`response_body`, which Envoy's transcoder does not know: a script unwraps the answer, and the descriptor set says what comes out."""

from collections.abc import Iterable, Iterator, Mapping
from importlib import resources

from envoy_data_plane.envoy.config.core.v3 import DataSource
from envoy_data_plane.envoy.extensions.filters.http.lua.v3 import Lua, LuaPerRoute
from envoy_data_plane.google.protobuf import Any
from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2

from mesh.control_plane.resources import packed

LUA_FILTER = "envoy.filters.http.lua"


class UnsupportedContract(Exception):
    """The contract asks for an answer that cannot be made bare."""


def unwrapped_contract(descriptor_set: bytes) -> tuple[bytes, Mapping[str, int]]:
    """The descriptor set as the transcoder has to see it, and gRPC path → number of the field that is the whole answer."""
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set)
    messages = {name: message for file in files.file for name, message in _messages(f".{file.package}", file.message_type)}
    fields: dict[str, int] = {}
    for file in files.file:
        for service in file.service:
            for method in service.method:
                rule = method.options.Extensions[annotations_pb2.http]
                if rule.response_body:
                    path = f"/{file.package}.{service.name}/{method.name}"
                    field = _field(path, messages[method.output_type], rule.response_body)
                    fields[path] = field.number
                    method.output_type = field.type_name
                    _clear(rule)
    return files.SerializeToString(deterministic=True), fields


def unwrapping_filter(fields: Iterable[int]) -> Lua:
    """Idle on every route that names none of its scripts, which are one for each field number."""
    code = resources.files("edge").joinpath("bare_answers.lua").read_text(encoding="utf-8")
    return Lua(source_codes={_script(field): DataSource(inline_string=f"local FIELD = {field}\n{code}") for field in sorted(set(fields))})


def unwrapping_route(field: int) -> tuple[str, Any]:
    """The setting of a route whose answers are to be unwrapped."""
    return LUA_FILTER, packed(LuaPerRoute(name=_script(field)))


def _script(field: int) -> str:
    return f"field {field}"


def _field(path: str, message: descriptor_pb2.DescriptorProto, name: str) -> descriptor_pb2.FieldDescriptorProto:
    kinds = descriptor_pb2.FieldDescriptorProto
    for field in message.field:
        if field.name == name and field.type == kinds.TYPE_MESSAGE and field.label != kinds.LABEL_REPEATED:
            return field
    raise UnsupportedContract(f"{path}: response_body {name!r} has to be a field of the response with one message")


def _messages(scope: str, found: Iterable[descriptor_pb2.DescriptorProto]) -> Iterator[tuple[str, descriptor_pb2.DescriptorProto]]:
    for message in found:
        name = f"{scope}.{message.name}"
        yield name, message
        yield from _messages(name, message.nested_type)


def _clear(rule: http_pb2.HttpRule) -> None:
    rule.ClearField("response_body")
    for additional in rule.additional_bindings:
        additional.ClearField("response_body")
