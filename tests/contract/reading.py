"""The contract as the rules read it: methods with their messages, options and comments, out of a descriptor set."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources

from google.api import annotations_pb2, field_behavior_pb2, http_pb2
from google.protobuf import descriptor_pb2

from reelmesh.options.v1 import options_pb2

Complaints = Iterator[str]
Rule = Callable[["Contract"], Complaints]

SERVICE_FIELD, METHOD_FIELD = 6, 2  # numbers in FileDescriptorProto and ServiceDescriptorProto: source locations are paths of them
REPEATED = descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED
MESSAGE = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE


@dataclass(frozen=True)
class Route:
    verb: str
    template: str


@dataclass(frozen=True)
class Method:
    service: str
    proto: descriptor_pb2.MethodDescriptorProto
    request: descriptor_pb2.DescriptorProto
    response: descriptor_pb2.DescriptorProto
    comment: str
    internal: bool

    @property
    def name(self) -> str:
        return self.proto.name

    @property
    def full_name(self) -> str:
        return f"{self.service}.{self.name}"

    @property
    def http(self) -> http_pb2.HttpRule:
        rule: http_pb2.HttpRule = self.proto.options.Extensions[annotations_pb2.http]
        return rule

    @property
    def rule(self) -> options_pb2.MethodRule:
        return self.proto.options.Extensions[options_pb2.rule]

    @property
    def reads_only(self) -> bool:
        return self.proto.options.idempotency_level == descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS

    @property
    def routes(self) -> list[Route]:
        bindings = [self.http, *self.http.additional_bindings]
        verbs = [binding.WhichOneof("pattern") for binding in bindings]
        return [Route(verb, getattr(binding, verb)) for binding, verb in zip(bindings, verbs, strict=True) if verb]


class Contract:
    def __init__(self, files: descriptor_pb2.FileDescriptorSet) -> None:
        self.files = [file for file in files.file if file.package.startswith("reelmesh.")]
        self.messages = {f".{file.package}.{message.name}": message for file in self.files for message in file.message_type}

    @property
    def methods(self) -> list[Method]:
        return [method for file in self.files for method in self._methods_of(file)]

    def method(self, name: str) -> Method:
        return next(method for method in self.methods if method.name == name)

    def _methods_of(self, file: descriptor_pb2.FileDescriptorProto) -> Iterator[Method]:
        comments = {tuple(location.path): location.leading_comments for location in file.source_code_info.location}
        for number, service in enumerate(file.service):
            internal = service.options.Extensions[options_pb2.internal]
            for index, method in enumerate(service.method):
                comment = comments.get((SERVICE_FIELD, number, METHOD_FIELD, index), "")
                request, response = self.messages[method.input_type], self.messages[method.output_type]
                yield Method(f"{file.package}.{service.name}", method, request, response, comment, internal)


def load_contract() -> Contract:
    """A fresh copy, to be mutated freely."""
    content = resources.files("reelmesh").joinpath("descriptors.binpb").read_bytes()
    return Contract(descriptor_pb2.FileDescriptorSet.FromString(content))


def field(message: descriptor_pb2.DescriptorProto, name: str) -> descriptor_pb2.FieldDescriptorProto | None:
    return next((field for field in message.field if field.name == name), None)


def is_required(field: descriptor_pb2.FieldDescriptorProto) -> bool:
    return field_behavior_pb2.REQUIRED in field.options.Extensions[field_behavior_pb2.field_behavior]
