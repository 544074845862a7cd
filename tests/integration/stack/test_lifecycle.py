"""A stack with real servers: how it starts, stops, survives and ends."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from stack.directory import DataDirectory
from stack.servers.postgres import PostgresServer
from stack.state import ProcessEntry, read_state
from tests.integration.stack.conftest import BareStack, none_left, reelmesh

Start = Callable[..., BareStack]


def entry(stack: BareStack, name: str) -> ProcessEntry:
    state = read_state(DataDirectory(stack.data_dir).state_file)
    assert state is not None
    return next(process for process in state.processes if process.name == name)


def postgres_of(stack: BareStack) -> PostgresServer:
    return PostgresServer(DataDirectory(stack.data_dir).postgres, port=int(entry(stack, "postgres").address.rpartition(":")[2]))


def test_status_shows_every_process_with_live_health(bare_stack: Start) -> None:
    stack = bare_stack()
    shown = json.loads(reelmesh("status", "--json", "--data-dir", str(stack.data_dir)).out)
    assert {"processes", "urls"} <= set(shown)
    assert [process["name"] for process in shown["processes"]] == ["postgres", "nats"]
    for process in shown["processes"]:
        assert {"name", "kind", "pid", "address", "health", "rss_bytes"} <= set(process)
        assert process["health"] == "healthy"
        assert process["rss_bytes"] > 1 << 20
        assert psutil.pid_exists(process["pid"])


def test_status_asks_now_and_does_not_repeat_what_was(bare_stack: Start) -> None:
    stack = bare_stack()
    nats = psutil.Process(entry(stack, "nats").pid)
    nats.suspend()
    try:
        shown = json.loads(reelmesh("status", "--json", "--data-dir", str(stack.data_dir)).out)
    finally:
        nats.resume()
    assert {process["name"]: process["health"] for process in shown["processes"]} == {"postgres": "healthy", "nats": "unhealthy"}


def test_down_from_another_shell_leaves_no_process(bare_stack: Start, tmp_path: Path) -> None:
    stack = bare_stack()
    processes = stack.descendants()
    assert len(processes) > 2
    done = reelmesh("down", "--data-dir", "data", cwd=tmp_path)
    assert (done.code, done.out) == (0, f"stopped (pid {stack.process.pid})\n")
    assert stack.process.wait(5) == 0
    assert none_left(processes, 0.5)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_orderly_end_leaves_no_process_and_a_cleanly_shut_database(bare_stack: Start, number: int) -> None:
    stack = bare_stack()
    processes = stack.descendants()
    assert stack.end(number) == 0
    assert none_left(processes, 0.5)
    assert "database system is shut down" in (stack.data_dir / "logs" / "postgres.log").read_text()


def test_a_killed_supervisor_leaves_no_orphans_and_the_next_one_starts(bare_stack: Start) -> None:
    stack = bare_stack("data")
    with psycopg.connect(postgres_of(stack).url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    processes = stack.descendants()
    assert stack.end(signal.SIGKILL) == -signal.SIGKILL
    assert none_left(processes)
    assert reelmesh("status", "--data-dir", str(stack.data_dir)).out.startswith("nothing is running")
    again = bare_stack("data")
    with psycopg.connect(postgres_of(again).url()) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_killed_database_comes_back_on_the_same_address(bare_stack: Start) -> None:
    stack = bare_stack()
    before = entry(stack, "postgres")
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    limit = time.monotonic() + 20
    while (now := entry(stack, "postgres")).state != "healthy" or now.pid == before.pid:
        assert time.monotonic() < limit, now
        time.sleep(0.1)
    assert (now.address, now.restarts, now.last_exit) == (before.address, 1, "signal SIGKILL")
    assert postgres_of(stack).is_ready()


def test_two_stacks_run_side_by_side(bare_stack: Start) -> None:
    first, second = bare_stack("first"), bare_stack("second")
    assert entry(first, "postgres").address != entry(second, "postgres").address
    assert postgres_of(first).is_ready()
    assert postgres_of(second).is_ready()


def test_a_long_data_directory_works(bare_stack: Start) -> None:
    stack = bare_stack("a" * 100 + "/" + "b" * 100)
    assert postgres_of(stack).is_ready()


def test_each_database_is_its_role_s_own(bare_stack: Start) -> None:
    server = postgres_of(bare_stack())
    movie, rating = server.create_database("movie"), server.create_database("rating", extensions=["vector"])
    assert server.create_database("movie") == movie
    with psycopg.connect(movie) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
    with psycopg.connect(rating) as connection:
        assert connection.execute("SELECT '[1,2]'::vector <-> '[1,4]'").fetchone() == (2.0,)
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(movie.rpartition("/")[0] + "/rating")
