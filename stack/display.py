"""What a person sees while `reelmesh up` runs: a live table in a terminal, plain lines everywhere else."""

import time
from collections.abc import Sequence
from typing import Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from stack.component import ProcessView, State
from stack.memory import resident_bytes
from stack.state import ProcessEntry, entries

_REDRAW = 1.0  # seconds
_COLOURS = {"healthy": "green", "starting": "yellow", "waiting": "dim", "restarting": "red", "unhealthy": "red", "failed": "red"}


class Display(Protocol):
    """Gets every change of a process, every word for the person, and a chance to redraw each second."""

    def changed(self, process: ProcessView) -> None: ...

    def say(self, text: str) -> None: ...

    def redraw(self, processes: Sequence[ProcessView]) -> None: ...

    def close(self) -> None: ...


class PlainDisplay:
    """One line for each thing that happened, with the seconds since the start."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._began = time.monotonic()

    def changed(self, process: ProcessView) -> None:
        if process.state in (State.WAITING, State.STOPPING, State.FAILED):
            return
        name, words = process.component.name, process.state.value
        if process.state is State.HEALTHY:
            words = f"healthy at {process.component.address()} (pid {process.pid})"
        elif process.state is State.RESTARTING:
            words = f"ended ({process.last_exit}), restart {process.restarts} follows"
        self.say(f"{time.monotonic() - self._began:6.1f} s  {name}: {words}")

    def say(self, text: str) -> None:
        print(text, file=self._out, flush=True)

    def redraw(self, processes: Sequence[ProcessView]) -> None:
        return

    def close(self) -> None:
        return


class LiveDisplay:
    """A table that redraws in place; what is said scrolls by above it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._live.start()
        self._drawn = 0.0

    def changed(self, process: ProcessView) -> None:
        self._drawn = 0.0

    def say(self, text: str) -> None:
        self._console.print(Text(text), soft_wrap=True)  # not as markup: that would also be switched off for the table below

    def redraw(self, processes: Sequence[ProcessView]) -> None:
        if time.monotonic() - self._drawn < _REDRAW:
            return
        self._drawn = time.monotonic()
        rows = entries(processes)
        sizes = resident_bytes(row.pid for row in rows if row.pid)
        self._live.update(process_table([(row, row.state, sizes.get(row.pid or 0, 0)) for row in rows]), refresh=True)

    def close(self) -> None:
        self._live.stop()


def process_table(rows: Sequence[tuple[ProcessEntry, str, int]]) -> Table:
    """Each row with its health and its resident bytes."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in ("process", "health", "address", "admin", "pid", "memory", "restarts", "last exit"):
        # Folded where a terminal is narrow: of an address that is cut off nothing is left.
        table.add_column(header, justify="right" if header in ("pid", "memory", "restarts") else "left", overflow="fold")
    for entry, health, size in rows:
        memory = f"{size / (1 << 20):.0f} MiB" if size else ""
        table.add_row(
            entry.name,
            Text(health, style=_COLOURS.get(health, "default")),
            entry.address,
            entry.admin,
            str(entry.pid or ""),
            memory,
            str(entry.restarts),
            entry.last_exit,
        )
    total = sum(size for _, _, size in rows)
    table.add_row("", "", "", "", "", f"{total / (1 << 20):.0f} MiB", "", "", style="dim")
    return table
