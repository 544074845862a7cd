"""A side of a benchmark by its parts, a service or a server each: their CPU time for a request, their memory over time."""

import statistics
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import psutil

from bench.load import LoadProcess
from bench.measuring import CpuClock, Round

_SAMPLE = 1.0  # seconds between two looks at the memory
_MB = 1e6

Parts = Mapping[str, Sequence[int]]
Series = list[tuple[float, float]]


class Side:
    """Rounds of load, with the CPU time of each part in each of them."""

    def __init__(self, load: LoadProcess, parts: Parts) -> None:
        self._load = load
        self._clocks = {name: CpuClock(pids) for name, pids in parts.items()}
        self._cpu: list[dict[str, float]] = []

    def round(self) -> Round:
        before = {name: clock.read() for name, clock in self._clocks.items()}
        result = self._load.ask()
        cpu = {name: clock.since(before[name]) for name, clock in self._clocks.items()}
        self._cpu.append({name: seconds / result.answered * 1e6 for name, seconds in cpu.items()})
        return result.round(sum(cpu.values()))

    @property
    def cpu(self) -> dict[str, float]:
        """Microseconds a request; the first round only warms up."""
        return {name: statistics.median(each[name] for each in self._cpu[1:]) for name in self._clocks}


@contextmanager
def watching_memory(parts: Parts) -> Iterator[dict[str, Series]]:
    """Seconds and resident MB of every part with its descendants, looked at again and again."""
    series: dict[str, Series] = {name: [] for name in parts}
    stop, began = threading.Event(), time.monotonic()

    def watch() -> None:
        while not stop.wait(_SAMPLE):
            for name, pids in parts.items():
                series[name].append((round(time.monotonic() - began, 1), round(_resident(pids), 1)))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield series
    finally:
        stop.set()
        thread.join()


def _resident(pids: Sequence[int]) -> float:
    size = 0
    for pid in pids:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            try:
                size += process.memory_info().rss
            except psutil.NoSuchProcess:  # a backend that came and went
                continue
    return size / _MB
