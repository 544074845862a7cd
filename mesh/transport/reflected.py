"""The descriptors that reflection tells about, by every name that its protocol allows."""

from typing import Any, cast

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pool import DescriptorPool


def reflected_pool() -> DescriptorPool:
    """For the standard reflection servicer."""
    return cast(DescriptorPool, ReflectedPool())


class ReflectedPool:
    """protobuf's own pool, which also finds a method by its name.

    `file_containing_symbol` may ask for `package.Service.Method` (grpcurl does, to describe one); protobuf's pool knows the
    fields of messages by such names, but no methods of services.
    """

    def __init__(self) -> None:
        self._pool = descriptor_pool.Default()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    def FindFileContainingSymbol(self, symbol: str) -> FileDescriptor:
        """KeyError when nothing has this name."""
        try:
            return self._pool.FindFileContainingSymbol(symbol)
        except KeyError:
            service, _, method = symbol.rpartition(".")
            return self._pool.FindServiceByName(service).methods_by_name[method].containing_service.file
