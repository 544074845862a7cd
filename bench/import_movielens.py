"""How long a MovieLens data set takes into a fresh stack, from the command to the last acknowledged rating, and again when all is there.

Without `--path` a data set of the size of latest-small is made up: no data set is kept in the project.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil

from bench.measuring import CpuClock, Figure, show
from stack.whole import WholeStack, whole_stack

IMPORT_AT_MOST = 60.0  # seconds, for latest-small on two cores
_MOVIES, _USERS, _RATINGS = 9_742, 610, 100_836


def measure(folder: Path, path: Path) -> list[Figure]:
    with whole_stack(folder / "data", demo=True) as stack:
        clock = CpuClock([stack.pid])
        before = clock.read()
        first = import_into(stack, path)
        servers = clock.since(before)
        second = import_into(stack, path)
    ratings, taken = first["ratings"]["read"], float(first["seconds"])
    limit = IMPORT_AT_MOST if ratings <= _RATINGS else None
    return [
        Figure("movies", first["movies"]["read"], ""),
        Figure("ratings", ratings, ""),
        Figure("import", taken, "s", at_most=limit),
        Figure("ratings, movies and documents a second", (ratings + 2 * first["movies"]["read"]) / taken, "/s"),
        Figure("CPU of the servers", servers, "s"),
        Figure("peak memory of the importer", first["peak"], "MiB"),
        Figure("again, when all is there", float(second["seconds"]), "s", at_most=limit),
    ]


def import_into(stack: WholeStack, path: Path) -> dict[str, Any]:
    """Its summary, and the importer's `peak` of memory in MiB."""
    argv = [sys.executable, "-m", "stack", "import", "movielens", str(path), "--data-dir", str(stack.directory.path), "--json"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        watched, peak = psutil.Process(process.pid), 0
        while True:
            try:
                peak = max(peak, watched.memory_info().rss)
                output, _ = process.communicate(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                continue
    if process.returncode:
        raise SystemExit(f"the import failed with exit code {process.returncode}")
    return {**json.loads(output), "peak": peak / (1 << 20)}


def made_up(folder: Path) -> Path:
    """A data set of the same size and skew as latest-small, about nothing."""
    draw = random.Random(1902)
    folder.mkdir()
    genres = ("Action", "Comedy", "Drama", "Sci-Fi", "Thriller")
    movies = "".join(f"{n},Film {n} ({1950 + n % 70}),{genres[n % 5]}|{genres[n % 3]}\n" for n in range(1, _MOVIES + 1))
    pairs = {(draw.randint(1, _USERS), min(_MOVIES, int(draw.paretovariate(0.35)))): None for _ in range(5 * _RATINGS)}
    ratings = "".join(f"{user},{movie},{draw.randint(1, 10) / 2},{10**9 + user}\n" for user, movie in sorted(list(pairs)[:_RATINGS]))
    tags = "".join(f"{draw.randint(1, _USERS)},{draw.randint(1, _MOVIES)},word {draw.randint(1, 900)},{10**9}\n" for _ in range(3_683))
    links = "".join(f"{n},{n:07d},{n}\n" for n in range(1, _MOVIES + 1))
    (folder / "movies.csv").write_text(f"movieId,title,genres\n{movies}")
    (folder / "ratings.csv").write_text(f"userId,movieId,rating,timestamp\n{ratings}")
    (folder / "tags.csv").write_text(f"userId,movieId,tag,timestamp\n{tags}")
    (folder / "links.csv").write_text(f"movieId,imdbId,tmdbId\n{links}")
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--path", type=Path, help="a MovieLens directory or zip")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reelmesh-bench-") as directory:
        folder = Path(directory)
        show("import", measure(folder, options.path or made_up(folder / "made-up")), options.json)


if __name__ == "__main__":
    main()
