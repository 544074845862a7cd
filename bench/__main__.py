"""Every benchmark, one after the other, and one table of the figures that have a target: `python -m bench [NAME …]`.

Each runs as `python -m bench.NAME` (which has options of its own) and leaves its JSON under build/bench/, where summary.json is the table.
The exit code says whether all of them ran, not whether all targets were reached: on a busy machine some are missed by the machine alone.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.measuring import Figure, show

_PROJECT = Path(__file__).resolve().parent.parent
_RESULTS = _PROJECT / "build" / "bench"
_HOUR = 3600.0


def _own(report: Mapping[str, Any]) -> list[Figure]:
    return [figure for each in report["figures"] if (figure := Figure(**each)).target]


def _outbox(report: Mapping[str, Any]) -> list[Figure]:
    return [
        Figure("relay", report["relay_events_per_second"], "events/s", at_least=3_000),
        Figure("commit to effect at 500 events/s: p99", report["commit_to_effect_p99_ms"], "ms", at_most=200),
    ]


def _search(report: Mapping[str, Any]) -> list[Figure]:
    return [
        Figure("search over 10,000 movies: p50", report["all"]["p50_ms"], "ms", at_most=10),
        Figure("search over 10,000 movies: p99", report["all"]["p99_ms"], "ms", at_most=40),
    ]


def _transport(report: Mapping[str, Any]) -> list[Figure]:
    unary, stream = ({name: each["cpu_us"] for name, each in report[kind].items()} for kind in ("unary", "stream"))
    return [
        Figure("call hosted in Envoy, CPU against bare grpc.aio", unary["hosted"] / unary["bare-grpcio"], "×", at_most=0.45),
        Figure("call hosted in Envoy, CPU against a bare hosted one", unary["hosted"] / unary["bare-hosted"], "×", at_most=2),
        Figure("streamed message hosted in Envoy, CPU against grpcio", stream["hosted"] / stream["grpcio"], "×", at_most=0.5),
    ]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """How to read the JSON of `python -m bench.<name>`."""

    name: str
    read: Callable[[Mapping[str, Any]], list[Figure]] = _own
    arguments: Sequence[str] = ()
    movielens: str = ""  # its option for a data set


BENCHMARKS = (
    Benchmark("calls"),
    Benchmark("details"),
    Benchmark("edge"),
    Benchmark("mesh"),
    Benchmark("transport", _transport),
    Benchmark("mtls"),
    Benchmark("authentication"),
    Benchmark("logins"),
    Benchmark("watching"),
    Benchmark("hosted", arguments=("--without-one-hop",)),
    Benchmark("capacity"),
    Benchmark("footprint"),
    Benchmark("search", _search),
    Benchmark("library"),
    Benchmark("outbox", _outbox),
    Benchmark("rebuilding"),
    Benchmark("lists", movielens="--movielens"),
    Benchmark("import_movielens", movielens="--path"),
    Benchmark("recsys"),
)


def run(benchmark: Benchmark, arguments: Sequence[str] = ()) -> list[Figure] | None:
    """None when it failed; its own words are on the terminal."""
    file = _RESULTS / f"{benchmark.name}.json"
    file.unlink(missing_ok=True)
    command = [sys.executable, "-P", "-m", f"bench.{benchmark.name}", "--json", str(file), *benchmark.arguments, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(_PROJECT)}
    try:
        done = subprocess.run(command, cwd=_PROJECT, env=environment, timeout=_HOUR)
    except subprocess.TimeoutExpired:
        return None
    return benchmark.read(json.loads(file.read_text("utf-8"))) if done.returncode == 0 else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *(each.name for each in BENCHMARKS)], help="which; all when none is named")
    parser.add_argument("--movielens", metavar="PATH", help="a MovieLens data set to import instead of one that is made up")
    options = parser.parse_args()
    chosen: Sequence[str] = options.names
    _RESULTS.mkdir(parents=True, exist_ok=True)
    figures: list[Figure] = []
    failed: list[str] = []
    for benchmark in BENCHMARKS:
        if chosen and benchmark.name not in chosen:
            continue
        imported = [benchmark.movielens, options.movielens] if options.movielens and benchmark.movielens else []
        found = run(benchmark, imported)
        if found is None:
            failed.append(benchmark.name)
        figures += [replace(figure, note="") for figure in found or []]
    print()
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} CPUs, load average {os.getloadavg()[1]:.1f} over the last 5 minutes"
    show(f"All targets ({when})", figures, _RESULTS / "summary.json")
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
