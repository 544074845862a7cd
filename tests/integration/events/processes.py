"""Service processes of the invented context, each with one piece of work, started and killed by the test."""

import asyncio
import subprocess
import sys
from pathlib import Path

from stack.servers.command import Command
from tests.integration.events.workers import WORK_VARIABLE

_PROJECT = Path(__file__).resolve().parents[3]
_PATIENCE = 60.0  # seconds for a process to start and reach the point where it dies


class ServiceProcess:
    """`name` is its application in PostgreSQL's own list. What it prints goes to a file in `folder`, and dies with us."""

    def __init__(self, name: str, work: str, folder: Path, *, database_url: str, nats_url: str, transport: str = "grpcio") -> None:
        self.name = name
        self._log = folder / f"{name}.log"
        env = {
            "PYTHONPATH": str(_PROJECT),
            "REELMESH_TRANSPORT": transport,
            "REELMESH_DATABASE_URL": database_url,
            "REELMESH_NATS_URL": nats_url,
            WORK_VARIABLE: work,
        }
        self._command = Command((sys.executable, "-P", "-m", "tests.integration.events", name), env=env, cwd=_PROJECT)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begins to start it; to wait for what it does is up to the test."""
        command = self._command
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command.launch_argv(), env=command.launch_env(), cwd=command.cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    @property
    def goes_on(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def last_words(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    async def ended(self) -> int:
        """Waits until it ends by itself; the exit code, or the negative number of the signal."""
        assert self._process is not None
        try:
            return await asyncio.to_thread(self._process.wait, _PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} goes on: {self.last_words}") from None
