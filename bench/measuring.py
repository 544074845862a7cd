"""What every benchmark shares: processes of its own, CPU time of others, medians of interleaved rounds, a table and JSON."""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from stack.servers.command import Command

_PROJECT = Path(__file__).resolve().parent.parent
_STOP = 10.0  # seconds from SIGTERM to SIGKILL


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. With `at_least` or `at_most` it has a target; `note` says what a reader has to know of it."""

    name: str
    value: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least:,g}"
        return f"≤ {self.at_most:,g}" if self.at_most is not None else ""

    @property
    def verdict(self) -> str:
        if not self.target:
            return ""
        reached = self.value >= self.at_least if self.at_least is not None else self.value <= (self.at_most or 0.0)
        return "yes" if reached else "MISSED"


def arguments(description: str | None, *, seconds: float, rounds: int) -> argparse.Namespace:
    """`--seconds` of one round, `--rounds` of each side, `--json FILE`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=seconds, help=f"length of a round (default {seconds:g})")
    parser.add_argument("--rounds", type=int, default=rounds, help=f"rounds of each side (default {rounds})")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    return parser.parse_args()


def show(title: str, figures: Sequence[Figure], json_file: Path | None) -> None:
    """The table on standard output, and the same as JSON when a file is named."""
    table = Table(title=title, title_justify="left")
    for column in ("figure", "measured", "unit", "target", "reached"):
        table.add_column(column, justify="right" if column in ("measured", "target") else "left")
    for figure in figures:
        table.add_row(figure.name, readable(figure.value), figure.unit, figure.target, figure.verdict)
    console = Console()
    console.print(table)
    for note in dict.fromkeys(figure.note for figure in figures if figure.note):
        console.print(f"  {note}", highlight=False)
    if json_file:
        json_file.write_text(json.dumps({"title": title, "figures": [asdict(figure) for figure in figures]}, indent=2) + "\n", "utf-8")


def readable(value: float) -> str:
    """Three digits that say something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


@contextmanager
def python_process(module: str, *argv: str, cpu_of: list[int] | None = None) -> Iterator[str]:
    """`python -m module argv` around a block; yields the address that it prints first. It dies with us."""
    command = Command((sys.executable, "-P", "-m", module, *argv), env={"PYTHONPATH": str(_PROJECT), "MALLOC_ARENA_MAX": "2"})
    process = subprocess.Popen(command.launch_argv(), env=command.launch_env(), cwd=_PROJECT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        if not address:
            raise SystemExit(f"{module} {' '.join(argv)} ended before it served")
        if cpu_of is not None:
            cpu_of.append(process.pid)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class CpuClock:
    """User and system seconds that some processes and all their descendants have used, PostgreSQL's backends for example."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._roots = [psutil.Process(pid) for pid in pids]

    def read(self) -> Mapping[int, float]:
        seconds = {}
        for root in self._roots:
            for process in (root, *root.children(recursive=True)):
                try:
                    times = process.cpu_times()
                except psutil.NoSuchProcess:
                    continue
                seconds[process.pid] = times.user + times.system
        return seconds

    def since(self, before: Mapping[int, float]) -> float:
        """Of those that still run; a backend that came and went meanwhile is not counted."""
        return sum(seconds - before.get(pid, 0.0) for pid, seconds in self.read().items())


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of one side came to."""

    per_second: float
    cpu_micros: float
    p50_ms: float
    p99_ms: float
    p999_ms: float = 0.0


def interleaved(sides: Mapping[str, Callable[[], Round]], rounds: int) -> dict[str, list[Round]]:
    """A B A B …, so that a noisy minute hits all sides alike; the first turn of each only warms up."""
    found: dict[str, list[Round]] = {side: [] for side in sides}
    for turn in range(rounds + 1):
        for side, measure in sides.items():
            result = measure()
            if turn:
                found[side].append(result)
    return found


def compared(name: str, ours: Sequence[Round], bare: Sequence[Round], at_least: float, bare_name: str) -> list[Figure]:
    """Both sides and their ratios: the median of the ratios of neighbouring rounds, which share their noise."""
    pairs = list(zip(ours, bare, strict=True))
    figures = []
    for side, rounds in ((name, ours), (bare_name, bare)):
        figures += [
            Figure(f"{side}: throughput", statistics.median(each.per_second for each in rounds), "calls/s"),
            Figure(f"{side}: CPU of the servers", statistics.median(each.cpu_micros for each in rounds), "µs/call"),
            Figure(f"{side}: p50", statistics.median(each.p50_ms for each in rounds), "ms"),
            Figure(f"{side}: p99", statistics.median(each.p99_ms for each in rounds), "ms"),
        ]
    throughput = statistics.median(mine.per_second / theirs.per_second for mine, theirs in pairs)
    cpu = statistics.median(theirs.cpu_micros / mine.cpu_micros for mine, theirs in pairs)
    return [
        *figures,
        Figure(f"{name}: throughput as part of {bare_name}", throughput, "", at_least),
        Figure(f"{name}: calls per CPU second as part of {bare_name}", cpu, "", at_least),
    ]
