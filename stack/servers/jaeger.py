"""Jaeger, where `make tools` has built it: takes spans over OTLP, keeps them in memory, shows them in a browser."""

import json
import signal
import urllib.error
import urllib.request
from pathlib import Path

from stack.errors import StackError
from stack.servers.command import Command, free_port
from stack.servers.tools import find_tool

_MAX_TRACES = 50_000


class JaegerServer:
    """Everything on free ports of the loopback interface; `otlp` takes spans, `url` is for people and the query API."""

    name = "jaeger"

    def __init__(self, directory: Path, *, max_traces: int = _MAX_TRACES) -> None:
        self._directory = directory.resolve()
        self._max_traces = max_traces
        self._otlp_port, self._http_port, self._grpc_port, self._health_port = (free_port() for _ in range(4))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._http_port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    @property
    def otlp(self) -> str:
        return f"http://127.0.0.1:{self._otlp_port}"

    def prepare(self) -> None:
        """Raises StackError when there is no Jaeger here."""
        binary()
        self._directory.mkdir(parents=True, exist_ok=True)
        # JSON is YAML.
        self._file.write_text(json.dumps(self._configuration(), indent=2), encoding="utf-8")

    def command(self) -> Command:
        # What it keeps is in memory: there is nothing to end in good order, for which it would take seconds.
        return Command((str(binary()), "--config", str(self._file)), stop_signal=signal.SIGKILL)

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/api/services", timeout=1) as answer:  # noqa: S310  # our own loopback address
                return int(answer.status) == 200
        except (OSError, urllib.error.URLError, ValueError):
            return False

    @property
    def _file(self) -> Path:
        return self._directory / "jaeger.json"

    def _configuration(self) -> dict[str, object]:
        local = "127.0.0.1"
        return {
            "service": {
                "extensions": ["jaeger_storage", "jaeger_query", "healthcheckv2"],
                "pipelines": {"traces": {"receivers": ["otlp"], "processors": ["batch"], "exporters": ["jaeger_storage_exporter"]}},
                "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "warn"}},
            },
            "extensions": {
                "healthcheckv2": {"use_v2": True, "http": {"endpoint": f"{local}:{self._health_port}"}},
                "jaeger_storage": {"backends": {"memory": {"memory": {"max_traces": self._max_traces}}}},
                "jaeger_query": {
                    "storage": {"traces": "memory"},
                    "http": {"endpoint": f"{local}:{self._http_port}"},
                    "grpc": {"endpoint": f"{local}:{self._grpc_port}"},
                },
            },
            "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"{local}:{self._otlp_port}"}}}},
            "processors": {"batch": {"timeout": "200ms"}},
            "exporters": {"jaeger_storage_exporter": {"trace_storage": "memory"}},
        }


def binary() -> Path:
    """Raises StackError."""
    found = find_tool("jaeger")
    if found is None:
        raise StackError("Jaeger is not there: `make tools` builds it where Go is installed; or name a collector of yours with --otlp URL")
    return found
