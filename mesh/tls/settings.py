"""What a process is told about its certificate and about who may call it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mesh.tls.identity import Identity

EDGE, CONTROL_PLANE, OPERATOR = "edge", "control-plane", "operator"


@dataclass(frozen=True, kw_only=True)
class TlsSettings:
    """Read from `REELMESH_*`. `tls_dir` holds `tls.crt`, `tls.key` and `ca.crt`; without it everything is plain text.

    `tls_callers` are the names that may call this process, with commas; the mesh's contexts, its edge, its control plane and its operators
    unless given.
    """

    tls_dir: Path | None = None
    tls_trust_domain: str = "reelmesh"
    tls_callers: str = ""

    @property
    def identity(self) -> Identity | None:
        """None for plain text."""
        return Identity(self.tls_dir, self.tls_trust_domain) if self.tls_dir is not None else None

    def callers(self, contexts: Iterable[str]) -> frozenset[str] | None:
        """Who may call a process of a mesh with `contexts`; None for everybody, which is so without certificates."""
        if self.tls_dir is None:
            return None
        named = frozenset(name.strip() for name in self.tls_callers.split(",") if name.strip())
        return named or frozenset({EDGE, CONTROL_PLANE, OPERATOR, *contexts})
