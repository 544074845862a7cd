"""The methods of the contract with what a generator and a caller need to know of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module, resources

from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from edge.descriptors import load_contract
from mesh.policy import MethodPolicy, is_internal, method_policy
from tests.contract.templates import parse

_VERBS = ("get", "put", "post", "delete", "patch")


@dataclass(frozen=True)
class Binding:
    """One way to call a method over HTTP; `body` is a field's name, `*`, or empty."""

    verb: str
    template: str
    body: str

    @cached_property
    def variables(self) -> dict[str, str]:
        """Field path -> template of its value, such as movies/*."""
        return parse(self.template).variables


@dataclass(frozen=True)
class Method:
    descriptor: MethodDescriptor

    @property
    def name(self) -> str:
        return f"{self.descriptor.containing_service.name}.{self.descriptor.name}"

    @cached_property
    def policy(self) -> MethodPolicy:
        return method_policy(self.descriptor)

    @property
    def request_type(self) -> type[Message]:
        return GetMessageClass(self.descriptor.input_type)

    @property
    def response_type(self) -> type[Message]:
        return GetMessageClass(self.descriptor.output_type)

    @cached_property
    def bindings(self) -> list[Binding]:
        rule: http_pb2.HttpRule = self.descriptor.GetOptions().Extensions[annotations_pb2.http]
        return [Binding(verb.upper(), getattr(each, verb), each.body) for each in (rule, *rule.additional_bindings) for verb in _verb(each)]

    @cached_property
    def bare(self) -> FieldDescriptor | None:
        """The field that is the whole answer over HTTP."""
        name = self.descriptor.GetOptions().Extensions[annotations_pb2.http].response_body
        return self.descriptor.output_type.fields_by_name[name] if name else None


def _verb(rule: http_pb2.HttpRule) -> Iterator[str]:
    kind = rule.WhichOneof("pattern")
    if kind in _VERBS:
        yield kind


@cache
def methods() -> tuple[Method, ...]:
    return tuple(Method(method) for service in load_contract().services for method in service.methods)


@cache
def internal_methods() -> tuple[Method, ...]:
    """Those that are asked at the address of one process; the edge has no route to them."""
    files = descriptor_pb2.FileDescriptorSet.FromString(resources.files("reelmesh").joinpath("descriptors.binpb").read_bytes())
    modules = [import_module(file.name.removesuffix(".proto").replace("/", ".") + "_pb2") for file in files.file if file.service]
    services = [service for module in modules for service in module.DESCRIPTOR.services_by_name.values() if is_internal(service)]
    return tuple(Method(method) for service in services for method in service.methods)
