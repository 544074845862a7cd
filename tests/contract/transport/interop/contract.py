"""The interoperability contract as descriptors: compiled when it is asked for, since no service of ours has it."""

from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from mesh.call import Call
from protogen.protoc import descriptor_set

_PROTO = Path(__file__).with_name("test_service.proto")
_PROTOS = Path(__file__).parents[4] / "protos"


@cache
def interop_service() -> ServiceDescriptor:
    """grpc.testing.TestService, in the pool that reflection tells about; what it imports is there already."""
    pool = descriptor_pool.Default()
    with TemporaryDirectory(prefix="interop-") as folder:
        compiled = Path(folder) / "descriptors"
        descriptor_set(compiled, [_PROTO.parent, _PROTOS], [_PROTO.name])
        files = descriptor_pb2.FileDescriptorSet.FromString(compiled.read_bytes()).file
    pool.AddSerializedFile(next(file for file in files if file.name == _PROTO.name).SerializeToString())
    return pool.FindServiceByName("grpc.testing.TestService")


def with_types_of(service: ServiceDescriptor, servicer: type) -> type:
    """`servicer`, whose methods are annotated as the contract says: of classes that are made here no source can tell the types."""
    for declared in service.methods:
        getattr(servicer, declared.name).__annotations__ = _annotations(declared)
    return servicer


def _annotations(method: MethodDescriptor) -> dict[str, Any]:
    asked: Any = GetMessageClass(method.input_type)
    answer: Any = GetMessageClass(method.output_type)
    return {
        "request": AsyncIterator[asked] if method.client_streaming else asked,
        "call": Call,
        "return": AsyncIterator[answer] if method.server_streaming else answer,
    }
