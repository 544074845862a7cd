"""Servers that a test may kill and start again."""

import subprocess
import time
from pathlib import Path

from stack.servers.command import Server


class Killable:
    """One of `stack.servers` whose process the test owns; `kill` is SIGKILL, and its data stays."""

    def __init__(self, server: Server, log: Path) -> None:
        self._server = server
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, timeout: float = 30.0) -> None:
        self._server.prepare()
        command = self._server.command()
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                command.launch_argv(), env=command.launch_env(), stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        limit = time.monotonic() + timeout
        while not self._server.is_ready():
            if self._process.poll() is not None or time.monotonic() > limit:
                raise AssertionError(f"{self._server.name} did not start: {self._log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(self._server.command().stop_signal)
            self._process.wait(20)
            self._process = None
