"""Processes of a whole stack are killed: what still answers, and how soon everything does. In the order of how much each breaks."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from mesh.control_plane.rules import NO_RULES, RulesFile
from mesh.postgres.database import Database
from mesh.postgres.outbox import OutboxMessage
from mesh.postgres.unit_of_work import UnitOfWork
from stack.servers.postgres import PostgresServer
from stack.whole import WholeStack
from tests.e2e.breaking import eventually, is_back, kill, new_movie
from tests.e2e.conftest import Headers, bearer, client, leaving_nothing


@pytest.fixture(scope="module")
def fragile(tmp_path_factory: pytest.TempPathFactory, transport: str) -> Iterator[WholeStack]:
    """A stack of these tests' own, without demo data."""
    with leaving_nothing(tmp_path_factory.mktemp("fragile") / "data", "--transport", transport) as running:
        yield running


@pytest.fixture(scope="module")
def web(fragile: WholeStack) -> Iterator[httpx.Client]:
    with client(fragile) as opened:
        yield opened


@pytest.fixture(scope="module")
def boss(fragile: WholeStack) -> Headers:
    return bearer(fragile.token("users/admin", ["ADMIN", "USER"]))


def test_without_rating_details_lack_the_summary_and_it_comes_back(fragile: WholeStack, web: httpx.Client, boss: Headers) -> None:
    path = new_movie(web, boss)
    killed = kill(fragile, "rating-1")
    began = time.monotonic()
    without = web.get(f"{path}:details")
    assert without.status_code == 200, without.text
    assert "PART_SUMMARY" in without.json()["unavailableParts"]
    assert "summary" not in without.json()
    assert time.monotonic() - began < 2.0
    assert web.get(path).status_code == 200
    eventually(lambda: is_back(fragile, "rating-1", killed))
    eventually(lambda: "summary" in web.get(f"{path}:details").json(), 5.0)
    assert web.post(f"{path}:rate", json={"score": 4}, headers=boss).status_code == 200


def test_without_the_control_plane_no_call_fails(fragile: WholeStack, web: httpx.Client, boss: Headers) -> None:
    killed = kill(fragile, "control-plane")
    calls = 0
    while not is_back(fragile, "control-plane", killed) or calls < 50:
        path = new_movie(web, boss)
        details = web.get(f"{path}:details")
        assert details.status_code == 200, details.text
        assert not {"PART_SUMMARY", "PART_METADATA"} & set(details.json()["unavailableParts"])
        assert web.post(f"{path}:rate", json={"score": 3}, headers=boss).status_code == 200
        calls += 1
        assert calls < 2_000
    after = kill(fragile, "metadata-1")  # its new address has to reach everybody from the new control plane
    eventually(lambda: is_back(fragile, "metadata-1", after))
    eventually(lambda: web.get("/v1/genres").status_code == 200, 5.0)


def test_without_postgres_calls_are_unavailable_until_it_is_back(fragile: WholeStack, web: httpx.Client, boss: Headers) -> None:
    path = new_movie(web, boss)
    killed = kill(fragile, "postgres")
    began = time.monotonic()
    away = web.get(path)
    if time.monotonic() - began < 0.4:  # sooner than anything can have come back
        assert (away.status_code, away.json()["code"]) == (503, 14), away.text
        assert {detail["@type"].rpartition(".")[2] for detail in away.json()["details"]} == {"ErrorInfo", "RetryInfo"}
    assert away.status_code in (200, 503, 504), away.text
    eventually(lambda: is_back(fragile, "postgres", killed), 20.0)
    eventually(lambda: web.get(path).status_code == 200)
    eventually(lambda: web.post(f"{path}:rate", json={"score": 2}, headers=boss).status_code == 200)
    eventually(lambda: web.get(f"{path}:details").json().get("summary", {}).get("count") == 1, 5.0)


def test_without_nats_changes_are_accepted_and_told_later(fragile: WholeStack, web: httpx.Client, boss: Headers) -> None:
    path = new_movie(web, boss)
    assert web.get(f"{path}:details").json()["summary"]["count"] == 0  # from now on kept, until an event comes
    killed = kill(fragile, "nats")
    assert web.post(f"{path}:rate", json={"score": 5}, headers=boss).status_code == 200
    eventually(lambda: is_back(fragile, "nats", killed))
    eventually(lambda: web.get(f"{path}:details").json()["summary"]["count"] == 1)


def test_a_malformed_event_is_put_aside_and_the_next_ones_are_handled(fragile: WholeStack, web: httpx.Client, boss: Headers) -> None:
    """R10 end to end."""
    path = new_movie(web, boss)
    assert web.get(f"{path}:details").json()["summary"]["count"] == 0
    asyncio.run(tell_nonsense(fragile, path.removeprefix("/v1/")))
    assert web.post(f"{path}:rate", json={"score": 5}, headers=boss).status_code == 200
    eventually(lambda: web.get(f"{path}:details").json()["summary"]["count"] == 1)
    found = "/v1/movies:search?query=fault&minRating=5"
    eventually(lambda: path.removeprefix("/v1/") in str(web.get(found).json()["results"]))
    assert fragile.process("movie-1").restarts == 0


async def tell_nonsense(stack: WholeStack, key: str) -> None:
    """Rating announces a summary that is no message at all."""
    port = int(stack.process("postgres").address.rpartition(":")[2])
    database = Database(PostgresServer(stack.directory.postgres, port=port).create_database("rating"))
    await database.open()
    async with UnitOfWork(database, lambda message: message) as uow:
        uow.add_event(OutboxMessage("reelmesh.rating.v1.RatingSummaryChanged", key, b"\xff\xff not protobuf"))
        await uow.commit()
    await database.close()


def test_down_leaves_nothing_and_the_next_up_has_the_data(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with leaving_nothing(data) as first:
        with client(first) as web:
            path = new_movie(web, bearer(first.token("users/admin", ["ADMIN"])))
            assert web.post(f"{path}:rate", json={"score": 4.5}, headers=bearer(first.token())).status_code == 200
            before = web.get(path).json()
        rules = RulesFile(first.directory.rules_file)
        rules.write(NO_RULES.with_canary("movie", {"v2": 0}))
        processes = psutil.Process(first.pid).children(recursive=True)
        argv = [sys.executable, "-m", "stack", "down", "--data-dir", str(data)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (0, f"stopped (pid {first.pid})\n")
        assert not psutil.wait_procs(processes, timeout=2)[1]
        assert rules.read() == NO_RULES
    with leaving_nothing(data) as second, client(second) as web:
        assert web.get(path).json() == before
        assert web.get(f"{path}:details").json()["summary"]["mean"] == 4.5
        eventually(lambda: web.get("/v1/movies:search?query=fault").json()["totalSize"] == 1, 5.0)
