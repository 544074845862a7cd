"""How long a replica of the recommender takes to know what is in its database: `python -m bench.rebuilding [--interactions N]`.

A PostgreSQL of its own is filled with ratings of made-up users (some busy, most not) for 10,000 movies; then a process that has done
nothing else rebuilds its state. Memory is what that process holds more afterwards.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

import psutil
import psycopg

from bench.measuring import Figure, show
from mesh.postgres.database import Database
from mesh.postgres.migrations import migrate
from recommender_service.__main__ import MIGRATIONS
from recommender_service.infrastructure.postgres.experiments import PostgresExperimentReader
from recommender_service.infrastructure.postgres.following import ChangesReader
from recommender_service.infrastructure.serving.follower import Follower
from recommender_service.infrastructure.serving.model_store import ModelStore
from recommender_service.infrastructure.serving.state import State
from stack.servers.postgres import PostgresServer
from stack.servers.running import running

MOVIES, AT_MOST_SECONDS = 10_000, 60
_STEP = 1_000_000


def fill(url: str, interactions: int) -> int:
    """The number of users."""
    users = max(1, interactions // 70)
    with psycopg.connect(url, autocommit=True) as connection:
        # They hold by construction, and to check them takes longest.
        connection.execute(
            "ALTER TABLE interactions DROP CONSTRAINT interactions_of_known_users, DROP CONSTRAINT interactions_of_known_movies"
        )
        connection.execute("INSERT INTO users (user_id) SELECT 'u' || n FROM generate_series(1, %s) AS n", (users,))
        connection.execute(
            "INSERT INTO movies (movie_id, active, genres, release_year) "
            "SELECT 'm' || n, true, '{drama}', 2000 FROM generate_series(1, %s) AS n",
            (MOVIES,),
        )
        for start in range(0, interactions, _STEP):
            connection.execute(
                "INSERT INTO interactions (user_no, movie_no, kind, value, event_time) "
                "SELECT 1 + (%s * power(random(), 2))::int %% %s, 1 + (%s * power(random(), 3))::int %% %s, 1, 1 + (random() * 9)::int, "
                "now() - random() * interval '5 years' FROM generate_series(1, %s)",
                (users, users, MOVIES, MOVIES, min(_STEP, interactions - start)),
            )
        connection.execute("VACUUM ANALYZE interactions")
    return users


async def rebuild(url: str, folder: Path) -> tuple[float, float, int]:
    """Seconds, seconds of CPU with PostgreSQL's, and bytes that it took."""
    database = Database(url)
    await database.open()
    changes = ChangesReader(database)
    state = State(
        changes,
        ModelStore(folder),
        find_experiment=PostgresExperimentReader(database).experiment,
        candidate_broken=_no_candidate,
        user_changed=lambda user: None,
        all_changed=lambda: None,
    )
    follower = Follower(database, changes, state)
    before, busy, started = psutil.Process().memory_info().rss, _spent(), time.perf_counter()
    await follower.prepare()
    seconds = time.perf_counter() - started
    taken = psutil.Process().memory_info().rss - before
    cpu = _spent() - busy
    await database.close()
    return seconds, cpu, taken


def _spent() -> float:
    """CPU of this process and PostgreSQL's, those backends included that have ended."""
    own, *servers = psutil.Process(), *psutil.Process().children(recursive=True)
    ended = sum(server.cpu_times().children_user + server.cpu_times().children_system for server in servers)
    return ended + sum(process.cpu_times().user + process.cpu_times().system for process in (own, *servers))


async def _no_candidate(experiment_id: str, reason: str) -> None:
    raise AssertionError("no experiment runs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interactions", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reelmesh-bench-") as temporary:
        folder = Path(temporary)
        with running(PostgresServer(folder / "postgres", durable=False), folder / "postgres.log") as server:
            url = server.create_database("recommender")
            migrate(url, MIGRATIONS)
            users = fill(url, chosen.interactions)
            seconds, cpu, taken = asyncio.run(rebuild(url, folder))
    in_ten_millions = 10_000_000 / chosen.interactions
    name = f"state of {chosen.interactions:,} interactions of {users:,} users"
    figures = [
        Figure(f"{name}: rebuilt in", seconds, "s"),
        Figure("that is for 10 million", seconds * in_ten_millions, "s", at_most=AT_MOST_SECONDS),
        Figure(f"{name}: CPU, PostgreSQL's included", cpu, "s"),
        Figure("that is for 10 million, CPU", cpu * in_ten_millions, "s"),
        Figure(f"{name}: memory", taken / (1 << 20), "MiB"),
    ]
    show("Rebuilding a replica's state", figures, chosen.json)


if __name__ == "__main__":
    main()
