"""The contract as data: the descriptor set that the build wrote beside the stubs, and the services in it."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import FileDescriptor, ServiceDescriptor
from google.rpc import error_details_pb2

from mesh.policy import is_internal

_FILE = "descriptors.binpb"


class ContractMissing(Exception):
    """The stubs were not generated: `make protos`."""


@dataclass(frozen=True, slots=True)
class Contract:
    """`descriptor_set` is complete for the transcoder: all imports, and the types of error details. `services` are those of contexts."""

    descriptor_set: bytes
    services: Sequence[ServiceDescriptor]


def load_contract() -> Contract:
    """From the installed package `reelmesh`. Raises ContractMissing."""
    try:
        content = resources.files("reelmesh").joinpath(_FILE).read_bytes()
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise ContractMissing(f"the contract was not generated: reelmesh/{_FILE} is missing (make protos)") from error
    files = descriptor_pb2.FileDescriptorSet.FromString(content)
    services: list[ServiceDescriptor] = []
    for file in files.file:
        if file.service and file.package.startswith("reelmesh."):
            module = importlib.import_module(file.name.removesuffix(".proto").replace("/", ".") + "_pb2")
            services += [service for service in module.DESCRIPTOR.services_by_name.values() if not is_internal(service)]
    return Contract(for_transcoder(files), services)


def for_transcoder(files: descriptor_pb2.FileDescriptorSet) -> bytes:
    """Without comments, which are most of the bytes, and with the details that errors carry."""
    complete = descriptor_pb2.FileDescriptorSet()
    complete.CopyFrom(files)
    for file in complete.file:
        file.ClearField("source_code_info")
    _add(error_details_pb2.DESCRIPTOR, complete, {file.name for file in complete.file})
    return complete.SerializeToString(deterministic=True)


def _add(file: FileDescriptor, files: descriptor_pb2.FileDescriptorSet, present: set[str]) -> None:
    if file.name in present:
        return
    present.add(file.name)
    for dependency in file.dependencies:
        _add(dependency, files, present)
    file.CopyToProto(files.file.add())
