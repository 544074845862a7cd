"""What the platform does under load, on both transports, with one and with two replicas of every service, beside two peers.

GetMovieDetails of 8,000 films is asked as HTTP/JSON and as gRPC through the edge; 90 % of the requests ask for 10 % of the films, while 20
ratings a second drop what is kept of theirs. The peers read the same rows of the same PostgreSQL and keep nothing: bare `grpc.aio`
(`bench.skeleton`, without an edge) and lean REST (`bench.rest_peer`, behind an Envoy of the same kind). Our CPU time is that of every
server process, NATS and the control plane included, so the ratings are paid by us; theirs is that of their servers and of PostgreSQL.
"""

import argparse
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.details import require_same_answers as require_same_messages
from bench.hosted import require_same_answers as require_same_json
from bench.http1 import LoadedPaths
from bench.load import LoadedTarget
from bench.measuring import CpuClock, Figure, Round, interleaved, python_process, readable, show
from bench.parts import Parts, Series, Side, watching_memory
from bench.prepared import CONTEXTS, PreparedStack, drawn, prepared_stack
from bench.rating_events import Ratings, rating
from bench.rest_peer import rest_peer
from stack.topology import TRANSPORTS

AT_MOST = 0.5
_FILMS = 8_000
_REQUESTS = 20_000  # drawn once; every round goes on where the last one ended
_RATINGS_PER_SECOND = 20.0
_ALONE = 5.0  # seconds of ratings and nothing else
_WARM_UP = 10.0  # seconds until every replica has met the films that are asked for most


@dataclass(frozen=True, slots=True)
class Row:
    """One side of one stack: medians of its rounds, milliseconds and microseconds of CPU a request."""

    side: str
    per_second: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    cpu_micros: float
    cpu_by_part: dict[str, float]

    @classmethod
    def of(cls, name: str, side: Side, rounds: Sequence[Round]) -> "Row":
        def median(number: Callable[[Round], float]) -> float:
            return statistics.median(map(number, rounds))

        return cls(
            name,
            median(lambda each: each.per_second),
            median(lambda each: each.p50_ms),
            median(lambda each: each.p99_ms),
            median(lambda each: each.p999_ms),
            median(lambda each: each.cpu_micros),
            side.cpu,
        )


@dataclass(frozen=True, slots=True)
class Found:
    """One stack beside the peers; ratios are of CPU a request, `memory_mb` is resident memory over the seconds of the run, by part.

    `rating_ms` is the CPU time of one rating with its events, by part, when nothing else is asked. 20 times that a second is in ours, so
    the fewer requests a busy machine gets done, the more of it falls on each.
    """

    transport: str
    replicas: int
    rows: list[Row]
    ratings: int
    rating_ms: dict[str, float]
    to_rest: float
    to_bare: float
    memory_mb: dict[str, Series]

    @property
    def name(self) -> str:
        return f"{self.transport} × {self.replicas}"


@dataclass(frozen=True, slots=True)
class _Peers:
    bare_address: str
    bare: Parts
    rest_address: str
    rest: Parts


@contextmanager
def _peers(prepared: PreparedStack, copies: Sequence[str]) -> Iterator[_Peers]:
    """`copies` are films that no recommender has heard of: of these those of both sides have nothing to say."""
    bare: dict[str, list[int]] = {context: [] for context in CONTEXTS}
    with ExitStack() as servers:

        def skeleton(context: str, *others: str) -> str:
            url = prepared.database_url(context)
            return servers.enter_context(python_process("bench.skeleton", context, url, *others, cpu_of=bare[context]))

        movie = skeleton("movie", skeleton("rating"), skeleton("metadata"), skeleton("recommender"))
        lean = servers.enter_context(rest_peer(prepared.folder / "rest-peer", prepared.database_url))
        require_same_messages(prepared.address("movie"), movie, copies)
        require_same_json(prepared.stack.edge_address, lean, copies)
        yield _Peers(
            movie,
            bare,
            lean.address,
            {name: [pid] for name, pid in zip(("rating", "metadata", "recommender", "movie", "edge"), lean.pids, strict=True)},
        )


def measure(transport: str, replicas: int, seconds: float, rounds: int) -> Found:
    counts = [f"--replicas={context}={replicas}" for context in CONTEXTS]
    with ExitStack() as opened:
        prepared = opened.enter_context(prepared_stack("--transport", transport, *counts))
        copies = prepared.multiply(-(-_FILMS // len(prepared.answers)))
        peers = opened.enter_context(_peers(prepared, copies[: len(prepared.answers)]))
        chance = random.Random(1)
        asked = drawn(copies, _REQUESTS, chance)
        paths, edge = [f"/v1/{name}:details" for name in asked], prepared.stack.edge_address
        ours: dict[str, Sequence[int]] = {
            context: prepared.pids(*(f"{context}-{number}" for number in range(1, replicas + 1))) for context in CONTEXTS
        }
        ours |= {name: prepared.pids(name) for name in ("edge", "control-plane", "nats")}
        postgres = {"postgres": prepared.pids("postgres")}
        sides = {
            "HTTP/JSON": Side(LoadedPaths(edge, paths, (), seconds), ours | postgres),
            "lean REST": Side(LoadedPaths(peers.rest_address, paths, (), seconds), {**peers.rest, **postgres}),
            "gRPC": Side(LoadedTarget(prepared.details_target(edge, asked), (), seconds), ours | postgres),
            "bare grpc.aio": Side(
                LoadedTarget(prepared.details_target(peers.bare_address, asked), (), seconds), {**peers.bare, **postgres}
            ),
        }
        watched = dict(ours | postgres)
        for peer, parts in (("bare", peers.bare), ("REST", peers.rest)):
            watched |= {f"{peer} {name}": pids for name, pids in parts.items()}
        with watching_memory(watched) as memory, rating(prepared, chance.sample(asked, len(asked)), _RATINGS_PER_SECOND) as ratings:
            rating_ms = _cost_of_a_rating(ratings, ours | postgres)
            LoadedPaths(edge, paths, (), _WARM_UP).ask()
            found = interleaved({name: side.round for name, side in sides.items()}, rounds)
    rows = [Row.of(name, side, found[name]) for name, side in sides.items()]
    to_rest, to_bare = _ratio(found["HTTP/JSON"], found["lean REST"]), _ratio(found["gRPC"], found["bare grpc.aio"])
    return Found(transport, replicas, rows, ratings.count, rating_ms, to_rest, to_bare, memory)


def _cost_of_a_rating(ratings: Ratings, parts: Parts) -> dict[str, float]:
    clocks = {name: CpuClock(pids) for name, pids in parts.items()}
    before, count = {name: clock.read() for name, clock in clocks.items()}, ratings.count
    time.sleep(_ALONE)
    counted = max(1, ratings.count - count)
    return {name: clock.since(before[name]) / counted * 1e3 for name, clock in clocks.items()}


def _ratio(ours: Sequence[Round], theirs: Sequence[Round]) -> float:
    """Of CPU time a request; the median over neighbouring rounds, which share their noise."""
    return statistics.median(mine.cpu_micros / other.cpu_micros for mine, other in zip(ours, theirs, strict=True))


def print_found(found: Found) -> None:
    """A column for each side; then the memory, in which PostgreSQL's shared buffers count once for each of its processes."""
    table = Table("", title=f"{found.name}, {found.ratings} ratings meanwhile", title_justify="left")
    for row in found.rows:
        table.add_column(row.side, justify="right")
    lines: dict[str, Callable[[Row], float]] = {
        "requests/s": lambda row: row.per_second,
        "p50 ms": lambda row: row.p50_ms,
        "p99 ms": lambda row: row.p99_ms,
        "p99.9 ms": lambda row: row.p999_ms,
        "CPU µs/request": lambda row: row.cpu_micros,
    }
    for name, number in lines.items():
        table.add_row(name, *(readable(number(row)) for row in found.rows))
    for part in found.rows[0].cpu_by_part:
        table.add_row(f"  {part}", *(readable(row.cpu_by_part[part]) if part in row.cpu_by_part else "" for row in found.rows))
    Console().print(table)
    memory = Table("resident MB", "at first", "at most", "at last")
    for name, series in found.memory_mb.items():
        sizes = [size for _, size in series]
        memory.add_row(name, *(f"{size:,.0f}" for size in (sizes[0], max(sizes), sizes[-1])))
    Console().print(memory)


def figures(found: Found) -> list[Figure]:
    return [
        Figure(f"details under load, {found.name}, HTTP/JSON: CPU against lean REST", found.to_rest, "×", at_most=AT_MOST),
        Figure(f"details under load, {found.name}, gRPC: CPU against bare grpc.aio", found.to_bare, "×"),
        Figure(f"a rating with its events, {found.name}: CPU", sum(found.rating_ms.values()), "ms"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3, help="length of a round (default 3)")
    parser.add_argument("--rounds", type=int, default=4, help="rounds of each side (default 4)")
    parser.add_argument("--transport", action="append", choices=TRANSPORTS, help="one of them only")
    parser.add_argument("--replicas", action="append", type=int, help="of every service (default 1 and 2)")
    parser.add_argument("--json", type=Path, help="also write everything here, memory over time too")
    chosen = parser.parse_args()
    everything = []
    for transport, replicas in product(chosen.transport or TRANSPORTS, chosen.replicas or (1, 2)):
        everything.append(measure(transport, replicas, chosen.seconds, chosen.rounds))
        print_found(everything[-1])
    summary = [figure for found in everything for figure in figures(found)]
    show(f"Under load ({os.cpu_count()} CPUs, load average {os.getloadavg()[1]:.1f})", summary, None)
    if chosen.json:
        report = {"figures": [asdict(figure) for figure in summary], "stacks": [asdict(found) for found in everything]}
        chosen.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
