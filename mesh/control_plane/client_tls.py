"""How clients of the mesh are told to speak TLS to a context: whose name to look for, and where their own certificates are."""

import warnings
from functools import lru_cache
from pathlib import Path

import betterproto2
from envoy_data_plane.envoy.config.core.v3 import TransportSocket
from envoy_data_plane.envoy.extensions.transport_sockets.tls.v3 import (
    CertificateProviderPluginInstance,
    CertificateValidationContext,
    CommonTlsContext,
    Secret,
    UpstreamTlsContext,
)
from envoy_data_plane.envoy.type.matcher.v3 import StringMatcher

from mesh.control_plane.envoy_tls import SOCKET, from_control_plane, secrets, upstream_context
from mesh.control_plane.resources import Resources, packed, resource
from mesh.tls.grpc_credentials import PROVIDER


def grpc_socket(uri: str) -> TransportSocket:
    """For gRPC's clients, which find their certificates by the name of a provider in their bootstrap."""
    files = CertificateProviderPluginInstance(instance_name=PROVIDER)
    with warnings.catch_warnings():
        # gRPC takes a typed matcher without a word and lets every name pass. What it obeys is deprecated, in Envoy.
        warnings.simplefilter("ignore", DeprecationWarning)
        believed = CertificateValidationContext(ca_certificate_provider_instance=files, match_subject_alt_names=[StringMatcher(exact=uri)])
        return _socket(UpstreamTlsContext(CommonTlsContext(tls_certificate_provider_instance=files, validation_context=believed)))


def envoy_socket(uri: str) -> TransportSocket:
    """For Envoys, each of which asks for secrets of its own."""
    return _socket(UpstreamTlsContext.from_dict(upstream_context(uri, from_control_plane)))


@lru_cache(maxsize=1024)
def secrets_in(directory: str) -> Resources:
    """What tells an Envoy to read its own files there; nothing for a client that has named no folder."""
    return Resources(secrets=[resource(Secret.from_dict(each)) for each in secrets(Path(directory))] if directory else ())


def _socket(context: betterproto2.Message) -> TransportSocket:
    return TransportSocket(name=SOCKET, typed_config=packed(context))
