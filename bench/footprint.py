"""How soon `reelmesh up` answers on an empty directory, and how much memory the whole stack takes when it has nothing to do.

The sum of resident sizes counts memory that processes share once for each of them, PostgreSQL's buffers above all; the proportional
size (PSS) counts it once. The target is for the larger number.
"""

import argparse
import tempfile
import time
from pathlib import Path

import psutil

from bench.measuring import CpuClock, Figure, show
from stack.detached import start_supervisor, wait_until_ready
from stack.state import read_state

FIRST_ANSWER_AT_MOST, RESIDENT_AT_MOST = 20.0, 1024.0
_DEMO_PATIENCE = 120.0
_CPU_WINDOW = 5.0  # seconds
_MIB = 1024 * 1024


def measure(folder: Path, idle: float) -> list[Figure]:
    data = folder / "data"
    began = time.perf_counter()
    background = start_supervisor(data, ["up", "--data-dir", str(data), "--edge-port", "0"], dies_with_us=True)
    try:
        wait_until_ready(background, demo_patience=0.0)
        answered = time.perf_counter() - began
        figures = [Figure("first answer through the edge", answered, "s", at_most=FIRST_ANSWER_AT_MOST)]
        while not background.directory.demo_marker.exists() and time.perf_counter() - began < _DEMO_PATIENCE:
            time.sleep(0.1)
        figures.append(Figure("the demo catalogue is there", time.perf_counter() - began, "s"))
        time.sleep(idle)
        state = read_state(background.directory.state_file)
        assert state is not None
        sizes = {each.name: _size(psutil.Process(each.pid), whole=True) for each in state.processes if each.pid}
        sizes["supervisor"] = _size(psutil.Process(background.process.pid), whole=False)
        clock = CpuClock([background.process.pid])
        before = clock.read()
        time.sleep(_CPU_WINDOW)
        busy = clock.since(before) / _CPU_WINDOW
    finally:
        background.process.terminate()
        background.process.wait(60)
    figures += [Figure(f"{name}: resident", resident, "MiB") for name, (resident, _) in sizes.items()]
    return [
        *figures,
        Figure("whole stack: resident", sum(resident for resident, _ in sizes.values()), "MiB", at_most=RESIDENT_AT_MOST),
        Figure("whole stack: proportional", sum(shared for _, shared in sizes.values()), "MiB"),
        Figure("whole stack: CPU when idle", 100 * busy, "% of a core"),
    ]


def _size(process: psutil.Process, *, whole: bool) -> tuple[float, float]:
    """Resident and proportional MiB; `whole` with all descendants."""
    members = [process, *(process.children(recursive=True) if whole else ())]
    sizes = [member.memory_full_info() for member in members]
    return sum(size.rss for size in sizes) / _MIB, sum(size.pss for size in sizes) / _MIB


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--idle", type=float, default=10, help="seconds to wait before looking (default 10)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reelmesh-bench-") as folder:
        figures = measure(Path(folder), chosen.idle)
    show("Footprint", figures, chosen.json)


if __name__ == "__main__":
    main()
