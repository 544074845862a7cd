"""The benchmarks' own load generators beside h2load (HTTP/JSON) and ghz (gRPC), on the same GetMovieDetails through the edge.

What has to agree is the servers' CPU time a call; throughput goes to whoever leaves the servers more of the processors, which is why the
client's own CPU time is shown too. h2load is in Debian's nghttp2-client, ghz comes from `make tools`; one that is not there is left out.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from bench.http1 import LoadedPaths
from bench.load import LoadedTarget, Result
from bench.measuring import CpuClock, Figure, Round, arguments, interleaved, show
from bench.prepared import CONTEXTS, GET_DETAILS, PreparedStack, prepared_stack

_TOOLS = Path(__file__).resolve().parent.parent / ".tools" / "bin"
_AT_A_TIME = 16  # as many as our own generators keep under way
_PROTOSET = Path(__file__).resolve().parent.parent / "reelmesh" / "descriptors.binpb"
_SPARE = 60.0  # seconds that a program may take more than it is asked to


def _program(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join((str(_TOOLS), os.environ.get("PATH", ""))))


def _h2load(program: str, address: str, names: Sequence[str], folder: Path, seconds: float) -> Callable[[], Result]:
    uris, log = folder / "uris", folder / "h2load.log"
    uris.write_text("".join(f"http://{address}/v1/{name}:details\n" for name in names), "utf-8")
    command = [program, "--h1", "-c", str(_AT_A_TIME), "-D", f"{seconds * 1000:.0f}ms", "-i", str(uris), "--log-file", str(log)]

    def ask() -> Result:
        log.unlink(missing_ok=True)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=seconds + _SPARE)
        rows = [line.split("\t") for line in log.read_text("utf-8").splitlines()]
        return Result.of([int(micros) / 1e6 for _, _, micros, *_ in rows], sum(row[1] != "200" for row in rows), seconds, 0)

    return ask


def _ghz(program: str, address: str, names: Sequence[str], folder: Path, seconds: float) -> Callable[[], Result]:
    data, report = folder / "ghz.json", folder / "ghz-report.json"
    data.write_text(json.dumps([{"name": name} for name in names]), "utf-8")
    command = [program, "--insecure", "--protoset", str(_PROTOSET), "--call", GET_DETAILS.removeprefix("/"), "-D", str(data)]
    command += ["-c", str(_AT_A_TIME), "--connections", "4", "-z", f"{seconds:g}s", "--duration-stop", "wait"]
    command += ["--format", "json", "-o", str(report), address]

    def ask() -> Result:
        environment = {**os.environ, "NO_PROXY": "*", "no_proxy": "*"}  # a proxy of this machine is not for its own loopback interface
        subprocess.run(command, check=True, env=environment, timeout=seconds + _SPARE)
        told = json.loads(report.read_text("utf-8"))
        failed = sum(count for status, count in told["statusCodeDistribution"].items() if status != "OK")
        return Result.of([each["latency"] / 1e9 for each in told["details"]], failed, told["total"] / 1e9, 0)

    return ask


class _Generator:
    """Somebody who asks, and the microseconds of CPU a call that this takes."""

    def __init__(self, ask: Callable[[], Result], servers: Sequence[int]) -> None:
        self._ask, self._servers = ask, CpuClock(servers)
        self.own_micros: list[float] = []

    def round(self) -> Round:
        before, own = self._servers.read(), _of_children()
        result = self._ask()
        if result.failed or not result.answered:
            raise SystemExit(f"{result.failed} of {result.answered} calls failed")
        self.own_micros.append((_of_children() - own) / result.answered * 1e6)
        return result.round(self._servers.since(before))


def _of_children() -> float:
    """CPU seconds of programs that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def measure(prepared: PreparedStack, seconds: float, rounds: int) -> list[Figure]:
    edge, names = prepared.stack.edge_address, [answer.movie.name for answer in prepared.answers]
    asks = {
        "our HTTP/1.1 client": LoadedPaths(edge, [f"/v1/{name}:details" for name in names], (), seconds).ask,
        "our gRPC client": LoadedTarget(prepared.details_target(edge), (), seconds).ask,
    }
    for name, made in (("h2load", _h2load), ("ghz", _ghz)):
        if program := _program(name):
            asks[name] = made(program, edge, names, prepared.folder, seconds)
    servers = prepared.pids(*(f"{context}-1" for context in CONTEXTS), "edge", "postgres")
    generators = {name: _Generator(ask, servers) for name, ask in asks.items()}
    found = interleaved({name: generator.round for name, generator in generators.items()}, rounds)
    figures = []
    for name, each in found.items():
        figures += [
            Figure(f"{name}: CPU of the servers", median(one.cpu_micros for one in each), "µs/call"),
            Figure(f"{name}: CPU of its own", median(generators[name].own_micros[1:]), "µs/call"),
            Figure(f"{name}: throughput", median(one.per_second for one in each), "calls/s"),
            Figure(f"{name}: p50", median(one.p50_ms for one in each), "ms"),
            Figure(f"{name}: p99", median(one.p99_ms for one in each), "ms"),
        ]
    return figures


def main() -> None:
    chosen = arguments(__doc__, seconds=3, rounds=5)
    with prepared_stack("--transport", "envoy") as prepared:
        figures = measure(prepared, chosen.seconds, chosen.rounds)
    show(f"Load generators ({os.cpu_count()} CPUs, load average {os.getloadavg()[1]:.1f})", figures, chosen.json)


if __name__ == "__main__":
    main()
