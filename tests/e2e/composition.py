"""A composition of its own for one test module: another project name, other ports, fresh secrets and volumes."""

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from deploy.generate_env import completed
from stack.servers.command import free_port
from stack.servers.tools import find_tool

ROOT = Path(__file__).parents[2]
_PORTS = ("REELMESH_PORT", "CONSUL_PORT", "JAEGER_PORT", "PROMETHEUS_PORT", "GRAFANA_PORT")
_MINUTES = 8


class Composition:
    """Of the services whose images are on this machine."""

    def __init__(self, command: Sequence[str], environment: Path, services: Sequence[str]) -> None:
        self._argv = [*command, "--project-directory", str(ROOT), "--env-file", str(environment)]
        self.services = services
        self.values = dict(line.split("=", 1) for line in environment.read_text(encoding="utf-8").splitlines())

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run([*self._argv, *arguments], capture_output=True, text=True, timeout=_MINUTES * 60)
        assert done.returncode == 0, f"{' '.join(arguments)}: {done.stderr[-3000:]}"
        return done.stdout

    def address(self, port: str) -> str:
        return f"127.0.0.1:{self.values[port]}"

    def kill(self, service: str) -> None:
        """SIGKILL from outside: `docker kill` would count as somebody's wish, and the container would stay down."""
        container = self("ps", "--quiet", service).strip()
        pid = subprocess.run(["docker", "inspect", "--format", "{{.State.Pid}}", container], capture_output=True, text=True, check=True)
        os.kill(int(pid.stdout), signal.SIGKILL)

    def shell(self, service: str, command: str) -> str:
        """What runs `command` in a container of `service`, for a shell out here."""
        return f"{shlex.join(self._argv)} exec -T {service} sh -c {shlex.quote(command)}"

    def script(self, folder: Path) -> Path:
        """A `reelmesh` for shells that runs in the composition's tools."""
        file = folder / "reelmesh"
        file.write_text(f'#!/bin/sh\nexec {shlex.join(self._argv)} run --rm -T tools reelmesh "$@"\n', encoding="utf-8")
        file.chmod(0o755)
        return file


@contextmanager
def composition(directory: Path) -> Iterator[Composition]:
    """Skips where there is no engine, no Compose or no image of ours."""
    command = _compose()
    environment = directory / "env"
    own = [f"COMPOSE_PROJECT_NAME=reelmesh-test-{os.getpid()}", *(f"{name}={free_port()}" for name in _PORTS)]
    environment.write_text(completed((ROOT / ".env.example").read_text(encoding="utf-8"), "\n".join(own)), encoding="utf-8")
    composed = Composition(command, environment, _services())
    try:
        composed("up", "--detach", "--wait", *composed.services)
        yield composed
    finally:
        composed("down", "--volumes", "--timeout", "20")


def _compose() -> Sequence[str]:
    if shutil.which("docker") is None or not _succeeds("docker", "version"):
        pytest.skip("no container engine answers here")
    if _succeeds("docker", "compose", "version"):
        return ("docker", "compose")
    built = find_tool("docker-compose")
    if built is None or not _succeeds(str(built), "up", "--wait", "--help"):
        pytest.skip("there is no Docker Compose 2 or later: make compose-images builds one")
    return (str(built),)


def _services() -> Sequence[str]:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    images = {service["image"] for service in services.values()}
    here = {image for image in images if _succeeds("docker", "image", "inspect", image)}
    if missing := images - here - {image for image in images if image.startswith("grafana/")}:
        pytest.skip(f"images are missing: {', '.join(sorted(missing))}: make compose-images")
    return [name for name, service in services.items() if service["image"] in here and "profiles" not in service]


def _succeeds(*argv: str) -> bool:
    return subprocess.run(argv, capture_output=True).returncode == 0
