"""One server started and stopped around a block of code, for tests and benchmarks; the platform itself uses the supervisor."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from stack.errors import StackError
from stack.servers.command import Server

S = TypeVar("S", bound=Server)


@contextmanager
def running(server: S, log: Path, *, timeout: float = 30) -> Iterator[S]:
    """Yields the server once it is ready; its output goes to `log`. Call it from the main thread: the server dies with the thread."""
    server.prepare()
    command = server.command()
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 — our own argv
            command.launch_argv(), env=command.launch_env(), cwd=command.cwd or "/", stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        _wait_until_ready(server, process, log, timeout)
        yield server
    finally:
        if process.poll() is None:
            process.send_signal(command.stop_signal)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(server: Server, process: subprocess.Popen[bytes], log: Path, timeout: float) -> None:
    limit = time.monotonic() + timeout
    while not server.is_ready():
        if process.poll() is not None or time.monotonic() > limit:
            last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
            raise StackError(f"{server.name} did not start: {' / '.join(last) or 'it said nothing'}")
        time.sleep(0.02)
