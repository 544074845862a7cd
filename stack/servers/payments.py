"""The sandbox of a payment provider as a process of the platform, on a loopback port, its ledger in a folder."""

import json
import os
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError
from stack.servers.command import Command, accepts, free_port, write_private

_PROJECT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class ProviderKeys:
    """`api_key` is shown to the provider, `webhook_secret` signs what it sends."""

    api_key: str
    webhook_secret: str


class PaymentsServer:
    """`webhook_url` is asked for when the process starts."""

    name = "payments"

    def __init__(self, directory: Path, webhook_url: Callable[[], str], *, port: int | None = None) -> None:
        self._directory = directory.resolve()
        self._webhook_url = webhook_url
        self._port = port or free_port()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    @property
    def keys_file(self) -> Path:
        """For whoever pays here: JSON with `api_key` and `webhook_secret`."""
        return self._directory / "keys.json"

    def prepare(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.keys_file.exists():
            keys = {"api_key": f"sk_test_{secrets.token_hex(16)}", "webhook_secret": f"whsec_{secrets.token_hex(24)}"}
            write_private(self.keys_file, json.dumps(keys, indent=2) + "\n")

    def command(self) -> Command:
        argv = (sys.executable, "-m", "stack.payments", str(self._directory), self.address, self._webhook_url())
        path = os.pathsep.join(part for part in (str(_PROJECT), os.environ.get("PYTHONPATH", "")) if part)
        return Command(argv, env={"PYTHONPATH": path})

    def is_ready(self) -> bool:
        return accepts(self.address)


def read_keys(file: Path) -> ProviderKeys:
    """Raises StackError."""
    try:
        keys = json.loads(file.read_text(encoding="utf-8"))
        return ProviderKeys(keys["api_key"], keys["webhook_secret"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StackError(f"the keys of the payment provider {file} cannot be read: {error}") from error
