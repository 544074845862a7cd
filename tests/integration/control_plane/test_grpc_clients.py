"""Instances come, leave and are killed while a client calls without a pause, and no call fails."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stack.servers.command import free_port

_HERE = "tests.integration.control_plane"


class Processes:
    """Starts modules of this folder as processes, and ends them all."""

    def __init__(self, registry: Path) -> None:
        self._registry = registry
        self._all: list[subprocess.Popen[str]] = []

    def echo(self, instance_id: str) -> subprocess.Popen[str]:
        process = self.start("echo", str(self._registry), instance_id)
        until(lambda: (self._registry / f"{instance_id}.json").exists() and f'"pid":{process.pid}' in self._content(instance_id))
        return process

    def plane(self, port: int) -> subprocess.Popen[str]:
        process = self.start("plane", str(self._registry), str(port))
        until(lambda: accepts(port))
        return process

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


class Load:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.failures: dict[str, int] = {}
        self.calls = 0

    def report(self) -> dict[str, int]:
        """Answers by instance since the last report."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        report: dict[str, Any] = json.loads(self._process.stdout.readline())
        self.failures |= report["failures"]
        self.calls += sum(report["answers"].values())
        return {str(name): int(count) for name, count in report["answers"].items()}

    def until_answered_by(self, *instances: str) -> None:
        until(lambda: set(self.report()) == set(instances))


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come to pass"
        time.sleep(0.1)


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    started = Processes(tmp_path / "registry")
    yield started
    started.end()


def test_endpoints_change_and_an_instance_is_killed_without_a_failed_call(processes: Processes) -> None:
    port = free_port()
    processes.plane(port)
    first, second = processes.echo("echo-1"), processes.echo("echo-2")
    load = Load(processes.start("load", f"127.0.0.1:{port}"))
    load.until_answered_by("echo-1", "echo-2")
    processes.echo("echo-3")
    load.until_answered_by("echo-1", "echo-2", "echo-3")
    first.send_signal(signal.SIGTERM)
    assert first.wait(10) == 0
    load.until_answered_by("echo-2", "echo-3")
    second.kill()
    load.until_answered_by("echo-3")
    processes.echo("echo-1")
    load.until_answered_by("echo-1", "echo-3")
    assert load.failures == {}
    assert load.calls > 500


def test_calls_go_on_while_the_control_plane_is_away_and_follow_it_when_it_is_back(processes: Processes) -> None:
    port = free_port()
    plane = processes.plane(port)
    processes.echo("echo-1")
    load = Load(processes.start("load", f"127.0.0.1:{port}"))
    load.until_answered_by("echo-1")
    plane.kill()
    plane.wait()
    time.sleep(2)
    load.until_answered_by("echo-1")
    processes.echo("echo-2")
    processes.plane(port)
    load.until_answered_by("echo-1", "echo-2")
    assert load.failures == {}


def test_a_client_finds_the_second_control_plane_when_the_first_is_away(processes: Processes) -> None:
    absent, port = free_port(), free_port()
    processes.plane(port)
    processes.echo("echo-1")
    load = Load(processes.start("load", f"127.0.0.1:{absent},127.0.0.1:{port}"))
    load.until_answered_by("echo-1")
