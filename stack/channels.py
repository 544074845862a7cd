"""Channels to the processes of a mesh, with the operator's certificate for those that ask for one."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import grpc

from mesh.environment import WrongSettings, read_settings
from mesh.tls.grpc_credentials import direct_credentials, named
from mesh.tls.identity import Identity, IdentityUnusable
from mesh.tls.settings import OPERATOR, TlsSettings
from stack.directory import DataDirectory
from stack.errors import StackError
from stack.state import ProcessEntry


@dataclass(frozen=True, slots=True)
class Channels:
    """`names` says by address whose certificate is expected there."""

    identity: Identity | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    def open(self, address: str, options: Sequence[tuple[str, int]] = ()) -> grpc.Channel:
        """`address` is host:port, or name@host:port for a process that `names` does not know. Plain text where no name is known."""
        told, _, target = address.rpartition("@")
        name = told or self.names.get(target, "")
        if not name:
            return grpc.insecure_channel(target, options=list(options))
        if self.identity is None:
            raise StackError(f"{address}: set REELMESH_TLS_DIR to the folder of your certificate")
        try:
            return grpc.secure_channel(target, direct_credentials(self.identity), options=[*options, *named(name)])
        except IdentityUnusable as error:
            raise StackError(str(error)) from error


def channels_to(directory: DataDirectory, processes: Iterable[ProcessEntry] = ()) -> Channels:
    """To `processes` of the stack in `directory`; where that has no certificates, with the one that `REELMESH_TLS_DIR` names."""
    identity = Identity(directory.certificates / OPERATOR)
    if not identity.directory.exists():
        return own_channels()
    return Channels(identity, {process.address: process.certified for process in processes if process.kind in ("control-plane", "service")})


def own_channels() -> Channels:
    """With the certificate that `REELMESH_TLS_DIR` names."""
    try:
        return Channels(read_settings(TlsSettings, os.environ).identity)
    except WrongSettings as error:
        raise StackError(f"wrong settings: {error}") from error
