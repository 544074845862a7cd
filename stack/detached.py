"""`up --detach`: another process supervises; this one waits for its word and repeats it."""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stack.directory import DataDirectory
from stack.errors import StackError
from stack.runner import announcement
from stack.servers.command import Command
from stack.state import read_state

_START = 600.0  # seconds: recovery after a power cut may take PostgreSQL minutes
_PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Background:
    """A supervisor in another process, and the pipe on which it reports."""

    process: subprocess.Popen[bytes]
    pipe: int
    directory: DataDirectory


def start_supervisor(data_dir: Path, arguments: Sequence[str], *, dies_with_us: bool = False) -> Background:
    """Runs `reelmesh ARGUMENTS` (an `up`) in a session of its own; its output goes to logs/supervisor.log."""
    directory = DataDirectory(data_dir)
    directory.open()
    if (pid := directory.running_pid()) is not None:
        raise StackError(f"reelmesh is already running in {directory.path} (pid {pid})")
    reading, writing = os.pipe()
    path = os.pathsep.join(part for part in (str(_PROJECT), os.environ.get("PYTHONPATH", "")) if part)
    argv = (sys.executable, "-P", "-m", "stack", *arguments, "--report-fd", str(writing))
    command = Command(argv, env={"PYTHONPATH": path}, orphan_signal=signal.SIGTERM)
    with (directory.logs / "supervisor.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 — our own argv
            command.launch_argv() if dies_with_us else argv,
            env=command.launch_env(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[writing],
            start_new_session=True,
        )
    os.close(writing)
    return Background(process, reading, directory)


def start_detached(data_dir: Path, arguments: Sequence[str]) -> None:
    """Prints URLs and tokens when the platform has answered its first request."""
    background = start_supervisor(data_dir, arguments)
    directory = background.directory
    try:
        loaded = wait_until_ready(background)
    except KeyboardInterrupt:
        background.process.send_signal(signal.SIGTERM)
        background.process.wait()
        raise StackError("stopped before it was ready") from None
    state = read_state(directory.state_file)
    for line in announcement(directory, dict(state.urls) if state else {}):
        print(line)
    if not loaded:
        print(f"the demo data is still being loaded; {directory.logs / 'supervisor.log'} tells how far it is")
    print(f"running in the background (pid {background.process.pid}); stop it with `reelmesh down --data-dir {directory.path}`")


def wait_until_ready(background: Background, demo_patience: float = 15.0) -> bool:
    """True when the demo data has come too; False when it still is on its way `demo_patience` seconds after the first answer."""
    with os.fdopen(background.pipe, "rb", buffering=0) as pipe:
        return _wait(pipe.fileno(), background.directory, demo_patience)


def _wait(descriptor: int, directory: DataDirectory, demo_patience: float) -> bool:
    text, ready, limit = "", False, time.monotonic() + _START
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            if not selector.select(max(0.0, limit - time.monotonic())):
                if ready:
                    return False
                raise StackError(f"not ready after {_START:.0f} s, see {directory.logs}")
            chunk = os.read(descriptor, 65_536)
            text += chunk.decode(errors="replace")
            lines = text.split("\n")[:-1]
            if failure := next((line for line in lines if line.startswith("failed ")), None):
                raise StackError(failure.removeprefix("failed "))
            if "settled" in lines:
                return True
            if "ready" in lines and not ready:
                ready, limit = True, time.monotonic() + demo_patience
            if not chunk:
                raise StackError(f"the supervisor ended before it was ready, see {directory.logs / 'supervisor.log'}")
