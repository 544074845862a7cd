"""Where others reach a server that listens on an address of its own choice."""

import ipaddress
import socket

from mesh.settings import host_and_port


def advertised(wanted: str, listening: str) -> tuple[str, int]:
    """IP address and port: of `wanted` (host or host:port, a name too), else where it listens, else of this machine's own name.

    Raises OSError for a name that has no address, ValueError for what is none.
    """
    host, port = host_and_port(listening)
    if wanted:
        host, port = host_and_port(wanted if _has_port(wanted) else f"{wanted}:{port}")
    elif ipaddress.ip_address(host).is_unspecified:
        host = socket.gethostname()
    return _resolved(host), port


def with_host(listening: str, host: str) -> str:
    """The same address, with `host` where it listens on all addresses of the machine."""
    own, port = host_and_port(listening)
    if not ipaddress.ip_address(own).is_unspecified:
        return listening
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _has_port(address: str) -> bool:
    return address.count(":") == 1 or address.rpartition("]")[2].startswith(":")


def _resolved(host: str) -> str:
    return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
