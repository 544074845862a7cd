"""A bare stack in a process of its own, and the `reelmesh` command as a person calls it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

PROJECT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    out: str
    err: str


def reelmesh(*arguments: str, cwd: Path = PROJECT, timeout: float = 60) -> Outcome:
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "stack", *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=timeout
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


class BareStack:
    """A supervisor with PostgreSQL and NATS; every process below it is ours to look at."""

    def __init__(self, data_dir: Path, *contexts: str) -> None:
        self.data_dir = data_dir
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.stack.bare_stack", str(data_dir), *contexts],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def wait_until_ready(self) -> "BareStack":
        assert self.process.stdout is not None
        said: list[str] = []
        for line in self.process.stdout:
            said.append(line)
            if line.strip() == "READY":
                return self
        raise AssertionError("".join(said))

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(60)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


@pytest.fixture
def bare_stack(tmp_path: Path) -> Iterator[Callable[..., BareStack]]:
    """Starts a bare stack in `tmp_path/data` (or a folder of that name); whatever still runs at the end is stopped."""
    started: list[BareStack] = []

    def start(name: str = "data", *contexts: str) -> BareStack:
        stack = BareStack(tmp_path / name, *contexts)
        started.append(stack)
        return stack.wait_until_ready()

    yield start
    for stack in started:
        stack.end()


def none_left(processes: list[psutil.Process], seconds: float = 10) -> bool:
    """True when they have all gone within the time."""
    limit = time.monotonic() + seconds
    while any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes):
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True
