"""TLS for gRPC's own servers and channels; a renewed certificate is used by the next connection."""

from contextlib import suppress
from typing import Any

import grpc

from mesh.tls.identity import AUTHORITIES, CERTIFICATE, KEY, Identity, IdentityUnusable

PROVIDER = "files"  # of the certificates, in the bootstrap of gRPC's xDS client
_REFRESH_SECONDS = 2  # how often gRPC looks at its client's files
_NAME = "peer_spiffe_id"


def listening_port(server: grpc.aio.Server, listen: str, identity: Identity | None) -> int:
    """Lets `server` listen on host:port. With an identity: for callers with a certificate only. Raises RuntimeError, IdentityUnusable."""
    return server.add_insecure_port(listen) if identity is None else server.add_secure_port(listen, _server_credentials(identity))


def caller_name(context: "grpc.aio.ServicerContext[Any, Any]", identity: Identity | None) -> str:
    """The name in the caller's certificate; gRPC has found it to be signed by our authorities. Empty without TLS."""
    if identity is None:
        return ""
    return identity.name(b"".join(context.auth_context().get(_NAME, ())).decode(errors="replace"))


def mesh_credentials(identity: Identity) -> grpc.ChannelCredentials:
    """For `xds:///` targets: the control plane says whose name has to be in the certificate, the bootstrap where our own is.

    Where the control plane asks for no TLS, the connection fails: it is not for somebody else to switch it off.
    """
    return grpc.xds_channel_credentials(grpc.ssl_channel_credentials(identity.read().authorities))


def dialled(address: str, name: str, identity: Identity | None) -> grpc.aio.Channel:
    """A channel to the process `name` at host:port, plain without an identity."""
    if identity is None:
        return grpc.aio.insecure_channel(address)
    return grpc.aio.secure_channel(address, direct_credentials(identity), options=named(name))


def direct_credentials(identity: Identity) -> grpc.ChannelCredentials:
    """For an address, with the option `named`: the certificate of now, which lasts for the connections of a command or a check."""
    files = identity.read()
    return grpc.ssl_channel_credentials(files.authorities, files.key, files.certificate)


def named(name: str) -> tuple[tuple[str, str], ...]:
    """The certificate at the other end has to hold `name`, as one of its DNS names: gRPC looks for no other kind here."""
    return (("grpc.ssl_target_name_override", name),)


def file_watcher(identity: Identity) -> dict[str, str]:
    """The configuration by which gRPC's core reads, and reads again, what a client shows."""
    directory = identity.directory
    return {
        "certificate_file": str(directory / CERTIFICATE),
        "private_key_file": str(directory / KEY),
        "ca_certificate_file": str(directory / AUTHORITIES),
        "refresh_interval": f"{_REFRESH_SECONDS}s",
    }


def _server_credentials(identity: Identity) -> grpc.ServerCredentials:
    def configured() -> grpc.ServerCertificateConfiguration:
        files = identity.read()
        return grpc.ssl_server_certificate_configuration([(files.key, files.certificate)], files.authorities)

    last = configured()

    def renewed() -> grpc.ServerCertificateConfiguration:
        """Asked for each connection."""
        nonlocal last
        with suppress(IdentityUnusable):
            last = configured()
        return last

    return grpc.dynamic_ssl_server_credentials(last, renewed, require_client_authentication=True)
