"""What the mesh costs: a channel on `xds:///…` against one that knows the address, and a control plane with a registry of 100 services × 20
instances, one of which changes every second.

The callers of the first part run in one process and ask the same bare server in turn. In the second part 2,000 clients follow 5 contexts
each, and 100 follow all of them (as services hosted in an Envoy do); the registry is made up, so that reading it costs nothing here.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from bench.measuring import CpuClock, Figure, Round, arguments, compared, interleaved, python_process, show

_PROJECT = Path(__file__).resolve().parent.parent
SERVICES, INSTANCES, CLIENTS, FOLLOWED, HOSTS = 100, 20, 2_000, 5, 100
_CHANGES = 20.0  # seconds


def channel_figures(seconds: float, rounds: int) -> list[Figure]:
    with python_process("bench.mesh_caller", "serve") as address:
        caller = subprocess.Popen(
            [sys.executable, "-P", "-m", "bench.mesh_caller", "call", address, str(seconds)],
            env={**os.environ, "PYTHONPATH": str(_PROJECT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_PROJECT,
        )
        assert caller.stdin is not None
        assert caller.stdout is not None
        asked, answers = caller.stdin, caller.stdout

        def turn(side: str) -> Round:
            asked.write(f"{side}\n")
            asked.flush()
            return Round(**json.loads(answers.readline()))

        found = interleaved({"xds": lambda: turn("xds"), "direct": lambda: turn("direct")}, rounds)
        asked.close()
        caller.wait(10)
    return compared("xDS channel", found["xds"], found["direct"], 0.9, "direct channel")


def registry_figures() -> list[Figure]:
    pids: list[int] = []
    environment = {**os.environ, "PYTHONPATH": str(_PROJECT), "MALLOC_ARENA_MAX": "2"}
    begin = [sys.executable, "-P", "-m"]
    with subprocess.Popen(
        [*begin, "bench.registry_plane", str(SERVICES), str(INSTANCES)], env=environment, stdout=subprocess.PIPE, text=True, cwd=_PROJECT
    ) as plane:
        assert plane.stdout is not None
        address = plane.stdout.readline().strip()
        pids.append(plane.pid)
        numbers = [str(each) for each in (SERVICES, CLIENTS, FOLLOWED, HOSTS)]
        clients = subprocess.Popen(
            [*begin, "bench.registry_clients", address, *numbers],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_PROJECT,
        )
        assert clients.stdout is not None
        assert clients.stdout.readline().strip() == "connected"
        time.sleep(2)
        clock = CpuClock(pids)
        before = clock.read()
        plane.send_signal(signal.SIGUSR1)
        time.sleep(_CHANGES)
        cpu = clock.since(before) / _CHANGES
        resident = psutil.Process(plane.pid).memory_info().rss / (1 << 20)
        plane.terminate()
        published = {line["version"]: line["at"] for line in map(json.loads, plane.stdout)}
        arrived: Mapping[str, tuple[float, float, int]] = json.loads(clients.communicate()[0])
    seen = [version for version in list(published)[:-1] if version in arrived]  # the last one may be on its way
    told = CLIENTS * FOLLOWED // SERVICES + HOSTS
    missing = sum(arrived[version][2] != told for version in seen) + (len(published) - 1 - len(seen))
    if missing:
        raise SystemExit(f"{missing} of {len(published) - 1} changes did not reach everybody whom they concern")
    latest = [arrived[version][1] - published[version] for version in seen]
    return [
        Figure("registry: a change has reached every client, median", statistics.median(latest) * 1000, "ms"),
        Figure("registry: a change has reached every client, slowest", max(latest) * 1000, "ms", at_most=1000),
        Figure("registry: resident size of the control plane", resident, "MiB", at_most=200),
        Figure("registry: CPU of the control plane at a change per second", cpu * 100, "% of a core", at_most=10),
        Figure("registry: clients told of each change", told),
    ]


def main() -> None:
    chosen = arguments(__doc__, seconds=2, rounds=7)
    show("The mesh", [*channel_figures(chosen.seconds, chosen.rounds), *registry_figures()], chosen.json)


if __name__ == "__main__":
    main()
