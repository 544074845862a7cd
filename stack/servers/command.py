"""What it takes to run one server in the foreground, and how the platform makes sure that it never outlives its parent."""

import os
import random
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from stack.errors import StackError

_OURS = range(20_000, 32_000)
_given: set[int] = set()
_LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, slots=True)
class Account:
    """The system account a process runs as; only root can hand a process to another one."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Command:
    """A foreground process: `stop_signal` asks it to end in good order, `orphan_signal` reaches it when its parent dies."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    stop_signal: int = signal.SIGTERM
    orphan_signal: int = signal.SIGKILL
    account: Account | None = None

    def launch_argv(self) -> list[str]:
        """The argv to execute from the parent's main thread: the launcher ties the process to us, then becomes it."""
        account = f"{self.account.uid}:{self.account.gid}" if self.account else "-"
        return [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), str(int(self.orphan_signal)), account, *self.argv]

    def launch_env(self) -> dict[str, str]:
        return {**os.environ, **self.env}


class Server(Protocol):
    """A server from a wheel. `prepare` may block; `is_ready` answers within about a second and never raises."""

    @property
    def name(self) -> str: ...

    @property
    def address(self) -> str: ...

    def prepare(self) -> None: ...

    def command(self) -> Command: ...

    def is_ready(self) -> bool: ...


def free_port() -> int:
    """A port of the loopback interface that nobody listens on at this moment.

    Below those that a kernel gives to whoever asks for any, a client's end of a connection included: it may take seconds until the server
    that the port is for has it.
    """
    for port in random.sample(_OURS, len(_OURS)):
        if port in _given:
            continue  # to another server of ours, which may not have it yet
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            _given.add(port)
            return port
    raise StackError("no port is free on the loopback interface")


def accepts(address: str) -> bool:
    """True when somebody listens at host:port."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=1):
            return True
    except (OSError, ValueError):
        return False


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
