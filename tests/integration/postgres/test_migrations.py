"""Migrations from nothing, from the previous revision, and by several processes at once."""

import subprocess
import sys

import psycopg
import pytest

from mesh.postgres.migrations import migrate
from tests.integration.postgres.conftest import SAMPLE_MIGRATIONS

COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
    WHERE table_schema = 'public' ORDER BY table_name, ordinal_position
"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname"


def schema(url: str) -> list[object]:
    with psycopg.connect(url) as connection:
        return [*connection.execute(COLUMNS).fetchall(), *connection.execute(INDEXES).fetchall()]


def test_an_empty_database_and_one_of_the_previous_revision_end_up_alike(empty_database_url: str) -> None:
    migrate(empty_database_url, SAMPLE_MIGRATIONS, revision="0001")
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("INSERT INTO things (name, count) VALUES ('kept', 1)")
    migrate(empty_database_url, SAMPLE_MIGRATIONS)
    in_steps = schema(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT name, facts, labels FROM things").fetchall() == [("kept", {}, [])]
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    migrate(empty_database_url, SAMPLE_MIGRATIONS)
    assert schema(empty_database_url) == in_steps
    migrate(empty_database_url, SAMPLE_MIGRATIONS)
    assert schema(empty_database_url) == in_steps


def test_a_failing_migration_leaves_nothing_behind(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("CREATE TABLE things (other text)")
    before = schema(empty_database_url)
    with pytest.raises(Exception, match="things"):
        migrate(empty_database_url, SAMPLE_MIGRATIONS)
    assert schema(empty_database_url) == before


def race(url: str, guarded: bool) -> list[int]:
    """Exit codes of four processes that begin to migrate at the same moment; unguarded, each takes a lock of its own."""
    unguarded = "import os; m._LOCK = os.getpid()" if not guarded else ""
    program = f"""
import sys, alembic.command, mesh.postgres.migrations as m
{unguarded}
print("ready", flush=True)
sys.stdin.readline()
m.migrate(sys.argv[1], {SAMPLE_MIGRATIONS!r})
"""
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", program, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    for racer in racers:
        racer.communicate(timeout=60)
    return [racer.returncode for racer in racers]


def test_processes_that_start_at_once_all_find_the_schema_made(empty_database_url: str) -> None:
    assert race(empty_database_url, guarded=True) == [0, 0, 0, 0]
    assert len(schema(empty_database_url)) > 20


def test_without_the_lock_some_of_them_fail(empty_database_url: str) -> None:
    """The negative control; a few tries, because the scheduler may let them pass one after the other."""
    for _ in range(5):
        if any(race(empty_database_url, guarded=False)):
            return
        with psycopg.connect(empty_database_url) as connection:
            connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    pytest.fail("four unguarded migrations never got in each other's way")
