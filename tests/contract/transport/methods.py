"""What the processes under test serve: the probe's methods as they are, and TestService behind the mesh's own handlers."""

from collections.abc import Mapping

from mesh.tls.settings import TlsSettings
from mesh.transport.port import Servable
from tests.contract.transport.interop.servicer import interop_methods
from tests.contract.transport.probe import probe_methods

PLAIN = TlsSettings()


def methods_under_test(tls: TlsSettings = PLAIN) -> Mapping[str, Servable]:
    """Only those of TestService look at who calls; the probe's have no handler of ours around them."""
    return {**probe_methods(), **interop_methods(tls.callers(["rating"]))}
