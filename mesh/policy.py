"""A method's policy, read from the contract: who may call it, how long it may take, whether it may be repeated."""

import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from google.api import annotations_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import Descriptor, MethodDescriptor, ServiceDescriptor

import reelmesh
from reelmesh.options.v1 import options_pb2


class Access(Enum):
    """Who may call. OWNER needs a caller here; that it is the owner is checked in the use case."""

    PUBLIC = options_pb2.ACCESS_PUBLIC
    USER = options_pb2.ACCESS_USER
    OWNER = options_pb2.ACCESS_OWNER
    ADMIN = options_pb2.ACCESS_ADMIN
    SERVICE = options_pb2.ACCESS_SERVICE
    MODERATOR = options_pb2.ACCESS_MODERATOR
    BOX_OFFICE = options_pb2.ACCESS_BOX_OFFICE


class IncompleteContract(Exception):
    """A method without an access rule, a deadline or an idempotency level: it must not be served."""


@dataclass(frozen=True, slots=True)
class MethodPolicy:
    """`path` is the gRPC path, `deadline` seconds, `repeatable` whether a call may be sent again after UNAVAILABLE."""

    path: str
    context: str
    access: Access
    deadline: float
    repeatable: bool
    reads_only: bool
    client_streaming: bool
    server_streaming: bool
    input: Descriptor
    output: Descriptor

    @property
    def service(self) -> str:
        return self.path[1:].partition("/")[0]

    @property
    def method(self) -> str:
        return self.path.rpartition("/")[2]


def context_of(service: ServiceDescriptor) -> str:
    """`movie` for `reelmesh.movie.v1.MovieService`."""
    return service.file.package.split(".")[1]


def contexts() -> frozenset[str]:
    """The packages of the contract: who may call whom is among them."""
    return frozenset(module.name for module in pkgutil.iter_modules(reelmesh.__path__) if module.ispkg)


def is_internal(service: ServiceDescriptor) -> bool:
    """Whether it is asked at the address of one process only, and belongs to no context."""
    return bool(service.GetOptions().Extensions[options_pb2.internal])


def method_policy(method: MethodDescriptor) -> MethodPolicy:
    options = method.GetOptions()
    service = method.containing_service
    rule = options.Extensions[options_pb2.rule]
    level = options.idempotency_level
    if (
        not rule.access
        or not rule.HasField("deadline")
        or not options.HasField("idempotency_level")
        or options.HasExtension(annotations_pb2.http) is is_internal(service)
    ):
        raise IncompleteContract(
            f"{method.full_name} needs an access rule, a deadline, an idempotency_level and, unless its service is internal, an HTTP rule"
        )
    kinds = descriptor_pb2.MethodOptions.IdempotencyLevel
    return MethodPolicy(
        path=f"/{service.full_name}/{method.name}",
        context=context_of(service),
        access=Access(rule.access),
        deadline=rule.deadline.ToMilliseconds() / 1000,
        repeatable=level in (kinds.NO_SIDE_EFFECTS, kinds.IDEMPOTENT) and not method.client_streaming,
        reads_only=level == kinds.NO_SIDE_EFFECTS,
        client_streaming=method.client_streaming,
        server_streaming=method.server_streaming,
        input=method.input_type,
        output=method.output_type,
    )


def policies(services: Iterable[ServiceDescriptor]) -> Mapping[str, MethodPolicy]:
    """By gRPC path, in the order of the contract."""
    found = (method_policy(method) for service in services for method in service.methods)
    return {policy.path: policy for policy in found}
