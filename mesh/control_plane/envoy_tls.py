"""TLS for an Envoy of ours: what its bootstrap says, and the files by which it reads its certificate, and reads it again when it changes.

Envoy follows files only where a secret is delivered (SDS). In the bootstrap, where nobody has delivered anything yet, a file delivers it.
Clusters get the same from the control plane: each node tells where its files are, and nobody else ever sees what is in them.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mesh.control_plane.envoy_bootstrap import EXTENSION
from mesh.tls.identity import AUTHORITIES, CERTIFICATE, KEY, Identity

TLS_DIR = "tls_dir"  # in a node's metadata
SOCKET = "envoy.transport_sockets.tls"
# Set by a service's own Envoy and by nobody else, see `peer_mutation`.
PEER = "x-reelmesh-peer"
_SECRET = f"{EXTENSION}transport_sockets.tls.v3.Secret"
_OWN, _BELIEVED = "certificate", "authorities"

Source = Callable[[str], dict[str, Any]]


def secrets(directory: Path) -> list[dict[str, Any]]:
    """The two secrets that point to the files in `directory`: its own certificate, and whom it believes."""

    def file(name: str) -> dict[str, str]:
        return {"filename": str(directory / name)}

    watched = {"watched_directory": {"path": str(directory)}}
    return [
        {"name": _OWN, "tls_certificate": {"certificate_chain": file(CERTIFICATE), "private_key": file(KEY), **watched}},
        {"name": _BELIEVED, "validation_context": {"trusted_ca": file(AUTHORITIES), **watched}},
    ]


def from_control_plane(name: str) -> dict[str, Any]:
    return {"ads": {}, "resource_api_version": "V3"}


def upstream_context(uri: str, source: Source) -> dict[str, Any]:
    """Of a client for servers whose certificate holds `uri`."""
    named = {"match_typed_subject_alt_names": [{"san_type": "URI", "matcher": {"exact": uri}}]}
    believed = {"default_validation_context": named, "validation_context_sds_secret_config": _secret(_BELIEVED, source)}
    return {"common_tls_context": {**_shown(source), "combined_validation_context": believed}}


def peer_mutation() -> dict[str, Any]:
    """Puts the URI of the caller's certificate into a header, and takes away what the caller may have put there."""
    said = {"header": {"key": PEER, "value": "%DOWNSTREAM_PEER_URI_SAN%"}}
    return {
        "name": "peer",
        "typed_config": {
            "@type": f"{EXTENSION}http.early_header_mutation.header_mutation.v3.HeaderMutation",
            "mutations": [{"remove": PEER}, {"append": said}],
        },
    }


@dataclass(frozen=True, slots=True)
class EnvoyTls:
    """Of one Envoy; `directory` has the two files that deliver its secrets."""

    identity: Identity
    directory: Path

    @classmethod
    def written(cls, identity: Identity | None, directory: Path) -> "EnvoyTls | None":
        """None for plain text. Raises IdentityUnusable: Envoy would start without a certificate, and refuse everybody without a word."""
        if identity is None:
            return None
        identity.read()
        tls = cls(identity, directory)
        for secret in secrets(identity.directory):
            delivered = {"resources": [{"@type": _SECRET, **secret}]}
            tls._file(secret["name"]).write_text(json.dumps(delivered), encoding="utf-8")
        return tls

    @property
    def told_by_node(self) -> dict[str, Any]:
        """A part of the node's description, for the control plane."""
        return {"metadata": {TLS_DIR: str(self.identity.directory)}}

    def serving(self) -> dict[str, Any]:
        """The transport socket of a listener for callers with a certificate of our authorities."""
        believed = {"validation_context_sds_secret_config": _secret(_BELIEVED, self._from_file)}
        return _socket(
            "DownstreamTlsContext",
            {
                "common_tls_context": {**_shown(self._from_file), **believed},
                "require_client_certificate": True,
                # Whoever comes again shows its certificate again: it may have expired.
                "disable_stateless_session_resumption": True,
                "disable_stateful_session_resumption": True,
            },
        )

    def calling(self, name: str) -> dict[str, Any]:
        """The transport socket of a cluster of `name`."""
        return _socket("UpstreamTlsContext", upstream_context(self.identity.uri(name), self._from_file))

    def _from_file(self, name: str) -> dict[str, Any]:
        return {"path_config_source": {"path": str(self._file(name))}, "resource_api_version": "V3"}

    def _file(self, name: str) -> Path:
        return self.directory / f"{name}.json"


def _shown(source: Source) -> dict[str, Any]:
    # gRPC's servers insist on the protocol's name; an explicit HTTP/2 cluster does not send it by itself.
    return {"alpn_protocols": ["h2"], "tls_certificate_sds_secret_configs": [_secret(_OWN, source)]}


def _secret(name: str, source: Source) -> dict[str, Any]:
    return {"name": name, "sds_config": source(name)}


def _socket(kind: str, context: dict[str, Any]) -> dict[str, Any]:
    return {"name": SOCKET, "typed_config": {"@type": f"{EXTENSION}transport_sockets.tls.v3.{kind}", **context}}
