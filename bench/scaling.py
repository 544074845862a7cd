"""What training and serving take by the number of interactions, users and movies; the tables of docs/scaling.md.

`python -m bench.scaling [--interactions 100000 1000000] [--movies 10000 100000 1000000] [--samples N] [--json FILE]`. Data are made up with
the skew of MovieLens. The towers take most of the time, and in proportion to the positives that they see: with fewer `--samples` a large
size is measured in minutes. Each size is measured in a process of its own, whose highest resident size is its memory. How long a replica
takes to start is `python -m bench.rebuilding --interactions N`.
"""

import argparse
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from bench.measuring import Figure, show
from bench.recommender.datasets import made_up
from bench.recommender.speed import of_size
from recommender_service.infrastructure.learning.artefact import load, save
from recommender_service.infrastructure.learning.data import Interactions
from recommender_service.infrastructure.learning.parameters import Parameters
from recommender_service.infrastructure.learning.train import train

_ASKED = 200


def shape_of(interactions: int) -> tuple[int, int]:
    """Users and movies, between those of MovieLens 1M (166 and 270 for each user and movie) and of 25M (154 and 424)."""
    return interactions // 160, round(3_700 * (interactions / 1_000_000) ** 0.6)


def training(interactions: int, samples: int) -> list[Figure]:
    """One model, without the one that is measured on the hold-out."""
    users, movies = shape_of(interactions)
    data, catalogue = made_up(users, movies, interactions)
    name = f"training, {len(data):,} interactions of {users:,} users with {movies:,} movies"
    parameters = Parameters(most_samples=samples)
    seen = sum(max(1, min(epochs, samples // each)) * each for epochs, each in _positives(data, parameters))
    before, began, busy = _highest(), time.perf_counter(), time.process_time()
    stages: list[tuple[str, float]] = []
    train(data, catalogue, parameters, progress=lambda share, stage: stages.append((stage, time.process_time() - busy)))
    cpu, wall = time.process_time() - busy, time.perf_counter() - began
    towers = max(at for stage, at in stages if stage == stages[0][0])
    return [
        Figure(f"{name}: wall", wall, "s"),
        Figure(f"{name}: CPU", cpu, "s"),
        Figure(f"{name}: CPU of the two towers", towers, "s", note=f"{seen:,} positives"),
        Figure(f"{name}: that is for each positive", towers / seen * 1e6, "µs"),
        Figure(f"{name}: memory beside the data", _highest() - before, "MiB"),
        Figure(f"{name}: the data themselves and Python", before, "MiB"),
    ]


def _positives(data: Interactions, parameters: Parameters) -> list[tuple[int, int]]:
    """Epochs, if there is time for them, and positives of an epoch: likes for the taste, those that follow each like for the trail."""
    likes = np.bincount(data.user[data.liked])
    following = sum(int(np.maximum(likes - ahead, 0).sum()) for ahead in range(1, parameters.trail.following + 1))
    return [(parameters.taste.epochs, int(likes.sum())), (parameters.trail.epochs, following)]


def serving(movies: int) -> list[Figure]:
    """Of a model from its artefact: arrays are mapped, so what is resident is what has been looked at."""
    model, histories = of_size(movies)
    with tempfile.TemporaryDirectory(prefix="reelmesh-bench-") as folder:
        save(model, Path(folder) / "model")
        size = sum(file.stat().st_size for file in (Path(folder) / "model").iterdir()) / (1 << 20)
        began = time.perf_counter()
        loaded = load(Path(folder) / "model")
        seconds = time.perf_counter() - began
        walls, cpus = [], []
        for turn, history in enumerate([*histories[:50], *histories[:_ASKED]]):
            began, busy = time.perf_counter(), time.thread_time()
            loaded.rank(history, 10)
            if turn >= 50:
                walls.append((time.perf_counter() - began) * 1e3)
                cpus.append((time.thread_time() - busy) * 1e3)
    name = f"serving {movies:,} movies"
    return [
        Figure(f"{name}: artefact", size, "MiB"),
        Figure(f"{name}: loading", seconds, "s"),
        Figure(f"{name}: top 10, p50", statistics.median(walls), "ms"),
        Figure(f"{name}: top 10, CPU p50", statistics.median(cpus), "ms"),
    ]


def _highest() -> float:
    """MiB that this process has had resident at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _alone(measure: Callable[[int], list[Figure]], size: int) -> list[Figure]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(_with_one_thread, measure, size).result()


def _with_one_thread(measure: Callable[[int], list[Figure]], size: int) -> list[Figure]:
    """As in the service; the two towers are threads of their own."""
    with threadpool_limits(1):
        return measure(size)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interactions", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--movies", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--samples", type=int, default=Parameters().most_samples, help="positives that each tower sees at most")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    figures = [figure for size in chosen.interactions for figure in _alone(partial(training, samples=chosen.samples), size)]
    figures += [figure for size in chosen.movies for figure in _alone(serving, size)]
    show("Training and serving by size", figures, chosen.json)


if __name__ == "__main__":
    main()
