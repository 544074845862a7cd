"""Fake children for the supervisor: small Python programs that live, crash or refuse to stop as told."""

import sys
from collections.abc import Callable
from pathlib import Path

from stack.component import Component
from stack.servers.command import Command

LIVES = "import time\ntime.sleep(60)"
CRASHES = "import sys\nprint('no such setting: colour')\nsys.exit(3)"
DEAF = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True)\ntime.sleep(60)"


def child(
    name: str,
    program: str = LIVES,
    *,
    after: tuple[str, ...] = (),
    is_ready: Callable[[], bool] = lambda: True,
    gone: Callable[[], None] = lambda: None,
    start_timeout: float = 10,
    stop_timeout: float = 5,
) -> Component:
    return Component(
        name=name,
        kind="fake",
        command=lambda: Command((sys.executable, "-I", "-S", "-c", program)),
        is_ready=is_ready,
        address=lambda: "",
        after=after,
        gone=gone,
        start_timeout=start_timeout,
        stop_timeout=stop_timeout,
    )


def ends_after(runs: Path, healthy_runs: int) -> str:
    """A program that notes each of its starts in a file, ends at once in the first runs and lives on afterwards."""
    return (
        f"import pathlib, sys, time\npath = pathlib.Path({str(runs)!r})\n"
        "count = len(path.read_text()) if path.exists() else 0\npath.write_text('x' * (count + 1))\n"
        f"time.sleep(0.15) if count < {healthy_runs} else time.sleep(60)\nsys.exit(7)"
    )
