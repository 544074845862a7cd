"""What the processes under test serve: the probe's methods as they are, and TestService behind the mesh's own handlers."""

from collections.abc import Mapping

from mesh.transport.port import Servable
from tests.contract.transport.interop.servicer import interop_methods
from tests.contract.transport.probe import probe_methods


def methods_under_test() -> Mapping[str, Servable]:
    return {**probe_methods(), **interop_methods()}
