"""Steady load on the hosted transport for minutes: `python -m bench.soak [--minutes 10] [--rate 100] [--json FILE]`.

Movies, details, searches and ratings are asked through the edge. Every few seconds the memory (RSS, PSS) and the open descriptors of every
process are noted. The verdict: after a warm-up no process grows by more than 5 % (and 2 MB), none holds more and more descriptors, none was
started again, no request failed. Of PostgreSQL only memory of its own counts, and of its descriptors only those that are no file of a table
or an index: its shared buffers, and the files that each backend keeps open (up to max_files_per_process), fill up as they are meant to.
"""

import argparse
import asyncio
import itertools
import json
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from bench.http1 import HttpConnection, get
from bench.prepared import PreparedStack, prepared_stack

_CONNECTIONS = 8
_EVERY = 10.0  # seconds between two samples
_WARM_UP = 120.0  # seconds at most, and a third of the time at most
_LONGEST = 50.0  # minutes: the tokens are good for an hour
_PATIENCE = 10.0  # seconds for one answer
_GROWTH = 0.05
_GROWTH_BYTES = 2_000_000  # less than this is not told from chance
_DESCRIPTORS = 3
_USERS = 50


@dataclass(frozen=True, slots=True)
class Sample:
    """One process, or PostgreSQL as a whole, at one moment."""

    seconds: float
    pids: Sequence[int]
    rss: int
    pss: int
    own: int
    descriptors: int
    relation_files: int  # open ones, which are not among `descriptors`


@dataclass(frozen=True, slots=True)
class Verdict:
    """From the first to the last quarter after the warm-up: `grown` is the change of the median as a part of it, `leaked` how many more
    descriptors there were at the end at least than at the beginning at most."""

    process: str
    first_mb: float
    last_mb: float
    grown: float
    leaked: int
    restarted: bool

    @property
    def good(self) -> bool:
        flat = self.grown <= _GROWTH or (self.last_mb - self.first_mb) * 1e6 <= _GROWTH_BYTES
        return flat and self.leaked <= _DESCRIPTORS and not self.restarted


class Load:
    """So many requests a second, begun on time whether the ones before have been answered or not, as far as the connections go."""

    def __init__(self, prepared: PreparedStack, rate: float) -> None:
        self._address = prepared.stack.edge_address
        self._interval = _CONNECTIONS / rate
        self._requests = self._mixed(prepared)
        self.statuses: Counter[int] = Counter()
        self.times: list[float] = []

    async def run(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        await asyncio.gather(*(self._caller(number * self._interval / _CONNECTIONS, ends) for number in range(_CONNECTIONS)))

    async def _caller(self, begin: float, ends: float) -> None:
        host, _, port = self._address.rpartition(":")
        loop = asyncio.get_running_loop()
        answers: asyncio.Queue[int] = asyncio.Queue()
        connection: HttpConnection | None = None
        due = time.monotonic() + begin
        while due < ends:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            status, began = 0, time.perf_counter()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    if connection is None:
                        _, connection = await loop.create_connection(partial(HttpConnection, answers.put_nowait), host, int(port))
                    connection.ask(next(self._requests))
                    status = await answers.get()
            if not status and connection is not None:
                connection.close()
                connection, answers = None, asyncio.Queue()
            self.statuses[status] += 1
            self.times.append(time.perf_counter() - began)
            due = max(due + self._interval, time.monotonic() - self._interval)
        if connection is not None:
            connection.close()

    def _mixed(self, prepared: PreparedStack) -> Iterator[bytes]:
        """Of ten: four movies, three details, two searches, one rating."""
        movies = itertools.cycle([(answer.movie.name, answer.movie.title.split()[-1]) for answer in prepared.answers])
        tokens = itertools.cycle([prepared.bearer(f"users/soak-{number}")[0][1] for number in range(_USERS)])
        scores = itertools.cycle([half / 2 for half in range(1, 11)])
        for number in itertools.count():
            name, word = next(movies)
            match number % 10:
                case 0 | 3 | 6 | 9:
                    request = get(self._address, f"/v1/{name}")
                case 1 | 4 | 7:
                    request = get(self._address, f"/v1/{name}:details")
                case 2 | 5:
                    request = get(self._address, f"/v1/movies:search?query={_letters(word)}")
                case _:
                    body = json.dumps({"score": next(scores), "requestId": f"soak-{number}"})
                    request = (
                        f"POST /v1/{name}:rate HTTP/1.1\r\nHost: {self._address}\r\nAuthorization: {next(tokens)}\r\n"
                        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
                    )
            yield request.encode()


def _letters(word: str) -> str:
    return "".join(letter for letter in word if letter.isascii() and letter.isalnum()) or "the"


def sample(prepared: PreparedStack, seconds: float) -> Mapping[str, Sample]:
    """By name; PostgreSQL and NATS with all their descendants, the supervisor without."""
    roots = {entry.name: psutil.Process(entry.pid) for entry in prepared.stack.state.processes if entry.pid}
    found = {name: _of(seconds, [root, *root.children(recursive=True)], root.pid) for name, root in roots.items()}
    supervisor = psutil.Process(prepared.stack.pid)
    return {**found, "supervisor": _of(seconds, [supervisor], supervisor.pid)}


def _of(seconds: float, members: Sequence[psutil.Process], root: int) -> Sample:
    rss = pss = own = descriptors = files = 0
    for member in members:
        with suppress(psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            rollup = _rollup(member.pid)
            rss, pss, own = rss + rollup["Rss"], pss + rollup["Pss"], own + rollup["Pss_Anon"]
            relations = _relation_files(member.pid)
            files, descriptors = files + relations, descriptors + member.num_fds() - relations
    return Sample(seconds, [root], rss, pss, own, descriptors, files)


def _relation_files(pid: int) -> int:
    """https://www.postgresql.org/docs/18/storage-file-layout.html"""
    found = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            found += "/data/base/" in (name := os.readlink(descriptor)) or "/data/global/" in name
    return found


def _rollup(pid: int) -> Mapping[str, int]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()[1:]
    return {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}


def judged(process: str, samples: Sequence[Sample], warm_up: float) -> Verdict:
    """Samples before `warm_up` seconds do not count."""
    counted = [each for each in samples if each.seconds >= warm_up]
    quarter = max(1, len(counted) // 4)
    first, last = counted[:quarter], counted[-quarter:]
    sizes = [statistics.median(each.own if process == "postgres" else each.pss for each in part) for part in (first, last)]
    leaked = min(each.descriptors for each in last) - max(each.descriptors for each in first)
    restarted = len({tuple(each.pids) for each in samples}) > 1
    return Verdict(process, sizes[0] / 1e6, sizes[1] / 1e6, sizes[1] / sizes[0] - 1, max(0, leaked), restarted)


async def soak(prepared: PreparedStack, seconds: float, rate: float) -> tuple[Load, Mapping[str, list[Sample]]]:
    load = Load(prepared, rate)
    samples: dict[str, list[Sample]] = {}
    began = time.monotonic()
    working = asyncio.create_task(load.run(seconds))
    while not working.done():
        for name, each in (await asyncio.to_thread(sample, prepared, time.monotonic() - began)).items():
            samples.setdefault(name, []).append(each)
        await asyncio.wait([working], timeout=_EVERY)
    await working
    return load, samples


def show(verdicts: Sequence[Verdict]) -> None:
    table = Table("process", "first quarter MB", "last quarter MB", "grown", "descriptors leaked", "verdict")
    for each in verdicts:
        sizes = f"{each.first_mb:.1f}", f"{each.last_mb:.1f}", f"{100 * each.grown:+.1f} %"
        table.add_row(each.process, *sizes, str(each.leaked), "good" if each.good else "BAD, restarted" if each.restarted else "BAD")
    Console().print(table)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10, help=f"default 10, at most {_LONGEST:g}")
    parser.add_argument("--rate", type=float, default=100, help="requests a second (default 100)")
    parser.add_argument("--transport", default="envoy", help="envoy (default) or grpcio")
    parser.add_argument("--json", type=Path, help="also write the samples and the verdicts here")
    chosen = parser.parse_args()
    if not 0 < chosen.minutes <= _LONGEST:
        parser.error(f"--minutes has to be between 0 and {_LONGEST:g}")
    seconds = chosen.minutes * 60
    with prepared_stack("--transport", chosen.transport) as prepared:
        load, samples = asyncio.run(soak(prepared, seconds, chosen.rate))
    verdicts = [judged(name, each, min(_WARM_UP, seconds / 3)) for name, each in samples.items()]
    failed = sum(count for status, count in load.statuses.items() if status != 200)
    show(verdicts)
    times = sorted(load.times)
    p50, p99 = (times[len(times) * part // 100] * 1000 for part in (50, 99))
    good = not failed and all(each.good for each in verdicts)
    print(f"{len(times):,} requests in {seconds:,.0f} s, p50 {p50:.1f} ms, p99 {p99:.1f} ms, failed: {failed} {dict(load.statuses)}")
    print("flat" if good else "NOT FLAT")
    if chosen.json:
        report: dict[str, Any] = {
            "seconds": seconds,
            "requests": len(times),
            "statuses": dict(load.statuses),
            "p50_ms": p50,
            "p99_ms": p99,
            "good": good,
            "verdicts": [{**asdict(each), "good": each.good} for each in verdicts],
            "samples": {name: [asdict(one) for one in each] for name, each in samples.items()},
        }
        chosen.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
