"""Control planes, instances and callers as processes of their own, all of which are ended."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import grpc

from mesh.control_plane.rules import RulesFile
from stack.servers.command import free_port
from tests.integration.control_plane.echo import COUNT

_HERE = "tests.integration.control_plane"


class Load:
    """A caller without a pause. `failures` and `calls` add up over all reports."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.failures: dict[str, int] = {}
        self.failed_at: list[float] = []
        self.calls = 0

    def report(self) -> dict[str, int]:
        """Answers by instance since the last report."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        report: dict[str, Any] = json.loads(self._process.stdout.readline())
        for reason, count in report["failures"].items():
            self.failures[reason] = self.failures.get(reason, 0) + count
        self.failed_at += report["failed_at"]
        self.calls += sum(report["answers"].values()) + sum(report["failures"].values())
        return {str(name): int(count) for name, count in report["answers"].items()}

    def forget(self) -> None:
        self.failures.clear()
        self.failed_at.clear()
        self.calls = 0

    def until_answered_by(self, *instances: str, seconds: float = 15.0) -> float:
        """By these and by nobody else; the seconds that it took."""
        return until(lambda: set(self.report()) == set(instances), seconds)


class Processes:
    """Starts modules of this folder."""

    def __init__(self, directory: Path) -> None:
        self._registry = directory / "registry"
        self.rules = RulesFile(directory / "rules.json")
        self._all: list[subprocess.Popen[str]] = []

    def echo(self, instance_id: str, *placed: str) -> subprocess.Popen[str]:
        """`placed`: its zone, and its version. It is registered, or will be in a moment."""
        return self.start("echo", str(self._registry), instance_id, *placed)

    def until_registered(self, instance_id: str) -> None:
        until(lambda: (self._registry / f"{instance_id}.json").exists())

    def plane(self, port: int, *without: str) -> subprocess.Popen[str]:
        process = self.start("plane", str(self._registry), str(port), str(self.rules.path), *without)
        until(lambda: accepts(port))
        return process

    def load(self, *arguments: str) -> Load:
        return Load(self.start("load", *arguments))

    def meshed(self, *instances: str, without: Sequence[str] = (), deadline: float = 10.0) -> tuple[Load, dict[str, subprocess.Popen[str]]]:
        """A control plane, these instances, and a caller that reaches all of them."""
        port = free_port()
        self.plane(port, *without)
        running = {name: self.echo(name) for name in instances}
        load = self.load(f"127.0.0.1:{port}", f"--deadline={deadline}", *without)
        load.until_answered_by(*instances)
        load.forget()  # it may have called before there was anybody
        return load, running

    def attempts(self, instance_id: str) -> int:
        """How often it was called, answered or not."""
        with grpc.insecure_channel(json.loads(self._content(instance_id))["address"]) as channel:
            count: Any = channel.unary_unary(COUNT, None, None)
            return int(count(b"", timeout=5))

    def start(self, module: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", f"{_HERE}.{module}", *arguments]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._all.append(process)
        return process

    def end(self) -> None:
        for process in self._all:
            process.kill()
            process.communicate()

    def _content(self, instance_id: str) -> str:
        return (self._registry / f"{instance_id}.json").read_text().replace(" ", "")


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def until(condition: Callable[[], bool], seconds: float = 15.0) -> float:
    """The seconds that it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() < began + seconds, "it did not come to pass"
        time.sleep(0.1)
    return time.monotonic() - began
