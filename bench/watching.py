"""What it costs to be watched: authentication, metrics, one call in a hundred traced and logged, against none of it, on the same server.

`python -m bench.watching [--calls 8000] [--rounds 7] [--json FILE]`. Two processes of `bench.hosting` for each transport, asked in turn by
one client with 32 calls in flight; parsing, validation, deadline and answer are the same in both. The quiet one gets no token.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
from pathlib import Path

from bench.measuring import Figure, show
from bench.transport import running, trace_collector, unary
from stack.tokens import SigningKeys

_AT_LEAST = 0.85
_TRANSPORTS = ("grpcio", "hosted")


async def measure(calls: int, rounds: int, directory: Path) -> list[Figure]:
    keys = SigningKeys(directory)
    keys.create()
    token = keys.token("users/alice", ["USER"], 3600)
    figures = []
    async with trace_collector() as collector:
        for transport in _TRANSPORTS:
            quiet_kind = f"{transport}-quiet"
            with running(transport, keys, collector, directory) as server, running(quiet_kind, keys, collector, directory) as quiet:
                pairs = [(await unary(server, calls, token), await unary(quiet, calls, "")) for _ in range(rounds + 1)][1:]
            ratio = statistics.median(off.cpu_us / on.cpu_us for on, off in pairs)
            figures += [
                Figure(f"{transport}, everything on: CPU", statistics.median(on.cpu_us for on, _ in pairs), "µs/call"),
                Figure(f"{transport}, everything off: CPU", statistics.median(off.cpu_us for _, off in pairs), "µs/call"),
                Figure(f"{transport}: calls per CPU second, everything on as part of everything off", ratio, "", at_least=_AT_LEAST),
            ]
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=8_000, help="of each round (default 8000)")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each side (default 7)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-watching-") as directory:
        figures = asyncio.run(measure(chosen.calls, chosen.rounds, Path(directory)))
    show(f"What it costs to be watched ({os.cpu_count()} CPUs, load average {os.getloadavg()[1]:.1f})", figures, chosen.json)


if __name__ == "__main__":
    main()
