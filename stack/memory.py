"""How much memory a process and what it started itself take."""

from collections import defaultdict
from collections.abc import Iterable

import psutil


def resident_bytes(pids: Iterable[int]) -> dict[int, int]:
    """Resident bytes of each process with its descendants; pages they share (PostgreSQL's buffers) count once."""
    children: dict[int, list[psutil.Process]] = defaultdict(list)
    for process in psutil.process_iter(["ppid"]):
        children[process.info["ppid"]].append(process)
    return {pid: _tree_bytes(pid, children) for pid in pids}


def _tree_bytes(root: int, children: dict[int, list[psutil.Process]]) -> int:
    own, shared, waiting = 0, 0, [root]
    while waiting:
        pid = waiting.pop()
        waiting.extend(child.pid for child in children.get(pid, ()))
        try:
            memory = psutil.Process(pid).memory_info()
        except psutil.Error:
            continue
        its_shared = getattr(memory, "shared", 0)  # Linux only; elsewhere shared pages count each time
        own += memory.rss - its_shared
        shared = max(shared, its_shared)
    return own + shared
