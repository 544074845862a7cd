"""`up --detach`: another process supervises; this one waits for its word and repeats it."""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from stack.directory import DataDirectory
from stack.errors import StackError
from stack.runner import announcement
from stack.state import read_state

_START = 600.0  # seconds: recovery after a power cut may take PostgreSQL minutes
_DEMO = 15.0  # seconds that the demo data may take after the first answer before we stop waiting for it
_PROJECT = Path(__file__).resolve().parent.parent


def start_detached(data_dir: Path, arguments: Sequence[str]) -> None:
    """Runs `reelmesh ARGUMENTS` in a session of its own; prints URLs and tokens when it has answered its first request."""
    directory = DataDirectory(data_dir)
    directory.open()
    if (pid := directory.running_pid()) is not None:
        raise StackError(f"reelmesh is already running in {directory.path} (pid {pid})")
    reading, writing = os.pipe()
    path = os.pathsep.join(part for part in (str(_PROJECT), os.environ.get("PYTHONPATH", "")) if part)
    with (directory.logs / "supervisor.log").open("wb") as log:
        child = subprocess.Popen(  # noqa: S603 — our own argv
            [sys.executable, "-P", "-m", "stack", *arguments, "--report-fd", str(writing)],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[writing],
            start_new_session=True,
        )
    os.close(writing)
    try:
        with os.fdopen(reading, "rb", buffering=0) as pipe:
            loaded = _wait(pipe.fileno(), directory)
    except KeyboardInterrupt:
        child.send_signal(signal.SIGTERM)
        child.wait()
        raise StackError("stopped before it was ready") from None
    state = read_state(directory.state_file)
    for line in announcement(directory, dict(state.urls) if state else {}):
        print(line)
    if not loaded:
        print(f"the demo data is still being loaded; {directory.logs / 'supervisor.log'} tells how far it is")
    print(f"running in the background (pid {child.pid}); stop it with `reelmesh down --data-dir {directory.path}`")


def _wait(descriptor: int, directory: DataDirectory) -> bool:
    """True when everything incl. demo data is there; False when only the demo data is still on its way."""
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
                ready, limit = True, time.monotonic() + _DEMO
            if not chunk:
                raise StackError(f"the supervisor ended before it was ready, see {directory.logs / 'supervisor.log'}")
