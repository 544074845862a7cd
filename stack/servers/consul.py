"""A Consul agent for one machine, on loopback ports and without a memory: services register again by themselves."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from stack.errors import StackError
from stack.servers.command import Command, free_port, write_private
from stack.servers.tools import find_tool


class ConsulServer:
    """`further` is added to the agent's configuration. Nothing is kept over a restart: Consul holds no truth of ours."""

    name = "consul"

    def __init__(
        self, directory: Path, *, port: int | None = None, https_port: int = -1, further: Mapping[str, object] | None = None
    ) -> None:
        self._directory = directory.resolve()
        self._port = port or free_port()
        self._https_port = https_port
        self._further = further or {}

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    def prepare(self) -> None:
        """Raises StackError when there is no Consul here."""
        _binary()
        self._directory.mkdir(parents=True, exist_ok=True)
        off = -1
        configuration = {
            "node_name": "reelmesh",
            "bind_addr": "127.0.0.1",
            "client_addr": "127.0.0.1",
            "ports": {
                "http": self._port,
                "https": self._https_port,
                "server": free_port(),
                "serf_lan": free_port(),
                **dict.fromkeys(("serf_wan", "dns", "grpc", "grpc_tls"), off),
            },
            "connect": {"enabled": False},
            "ui_config": {"enabled": True},
            "disable_update_check": True,
            "log_level": "warn",
            **self._further,
        }
        write_private(self._configuration, json.dumps(configuration, indent=2))

    def command(self) -> Command:
        return Command((str(_binary()), "agent", "-dev", f"-config-file={self._configuration}"))

    def is_ready(self) -> bool:
        """True once there is a leader: before, an agent takes registrations and answers no question."""
        try:
            with urllib.request.urlopen(f"http://{self.address}/v1/status/leader", timeout=1) as answer:
                return bool(json.load(answer))
        except urllib.error.HTTPError as error:
            error.close()
            return False
        except (OSError, urllib.error.URLError, ValueError):
            return False

    @property
    def _configuration(self) -> Path:
        return self._directory / "consul.json"


def _binary() -> Path:
    found = find_tool("consul")
    if found is None:
        raise StackError(
            "Consul is not there: `make tools` builds it where Go is installed; or name one that runs with --consul-addr ADDRESS"
        )
    return found
