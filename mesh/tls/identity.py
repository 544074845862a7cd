"""Who a process is: a certificate, its key, and the authorities that it believes, in files that somebody else renews."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

# As in a Kubernetes secret of type kubernetes.io/tls; ca.crt is what cert-manager puts beside.
CERTIFICATE, KEY, AUTHORITIES = "tls.crt", "tls.key", "ca.crt"
# A mounted secret is a set of links through this one, which is turned to a new folder when the secret changes: all of it at once.
CURRENT = "..data"


class IdentityUnusable(Exception):
    """The text is one line: which file is missing or cannot be read."""


class Files(NamedTuple):
    """PEM, which belongs together."""

    certificate: bytes
    key: bytes
    authorities: bytes


@dataclass(frozen=True, slots=True)
class Identity:
    """`directory` has the files. Names are SPIFFE's (https://spiffe.io): `spiffe://<trust_domain>/<name>`."""

    directory: Path
    trust_domain: str = "reelmesh"

    def read(self) -> Files:
        """As of now; raises IdentityUnusable."""
        current = self.directory / CURRENT
        # Resolved once: between two files the link may turn.
        folder = Path(os.path.realpath(current if current.exists() else self.directory))
        try:
            return Files(*((folder / name).read_bytes() for name in (CERTIFICATE, KEY, AUTHORITIES)))
        except OSError as error:
            raise IdentityUnusable(f"the certificate cannot be used: {error.filename}: {error.strerror}") from error

    def uri(self, name: str) -> str:
        return f"spiffe://{self.trust_domain}/{name}"

    def name(self, uri: str) -> str:
        """The name that `uri` is made of, empty for one of another trust domain and for what is no such URI."""
        prefix = self.uri("")
        return uri[len(prefix) :] if uri.startswith(prefix) else ""
