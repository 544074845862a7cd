"""The stack over Consul: what it shows there, and R14, Consul and the control plane away while everybody goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import pytest

from stack.whole import WholeStack
from tests.e2e.breaking import eventually, is_back, kill, new_movie
from tests.e2e.conftest import Headers, bearer, client, leaving_nothing
from tests.tools import required_tool

PREFIX = "e2e-"


@pytest.fixture(scope="module", params=["envoy", pytest.param("grpcio", marks=pytest.mark.slow)])
def over_consul(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[WholeStack]:
    required_tool("consul")
    arguments = ("--registry", "consul", "--replicas", "rating=2", "--transport", str(request.param))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("REELMESH_CONSUL_PREFIX", PREFIX)  # the stack and its services have to agree
        with leaving_nothing(tmp_path_factory.mktemp("consul") / "data", *arguments) as running:
            yield running


@pytest.fixture(scope="module")
def web(over_consul: WholeStack) -> Iterator[httpx.Client]:
    with client(over_consul) as opened:
        yield opened


@pytest.fixture(scope="module")
def boss(over_consul: WholeStack) -> Headers:
    return bearer(over_consul.token("users/admin", ["ADMIN", "USER"]))


def passing(stack: WholeStack, context: str) -> dict[str, str]:
    """Addresses by instance, as Consul tells them."""
    url = stack.state.urls["consul"].removesuffix("/ui")
    entries = httpx.get(f"{url}/v1/health/service/{PREFIX}{context}", params={"passing": "1"}, trust_env=False).json()
    return {entry["Service"]["ID"].removeprefix(PREFIX): f"{entry['Service']['Address']}:{entry['Service']['Port']}" for entry in entries}


def status(stack: WholeStack) -> dict[str, dict[str, Any]]:
    command = [sys.executable, "-P", "-m", "stack", "status", "--json", "--data-dir", str(stack.directory.path)]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return {process["name"]: process for process in found["processes"]}


def calls_answered(web: httpx.Client, boss: Headers, seconds: float) -> int:
    """Calls through every context without a cache for `seconds`; none may fail, no part may be missing."""
    end, calls = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        path = new_movie(web, boss)
        details = web.get(f"{path}:details")
        assert details.status_code == 200, details.text
        assert not {"PART_SUMMARY", "PART_METADATA"} & set(details.json()["unavailableParts"])
        assert web.post(f"{path}:rate", json={"score": 3}, headers=boss).status_code == 200
        calls += 3
    return calls


@contextmanager
def frozen(stack: WholeStack, *names: str) -> Iterator[None]:
    """They are there, and answer nothing."""
    pids = [pid for name in names if (pid := stack.process(name).pid)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):  # killed meanwhile
                os.kill(pid, signal.SIGCONT)


def test_every_service_is_in_consul_where_status_shows_it(over_consul: WholeStack, web: httpx.Client, boss: Headers) -> None:
    assert calls_answered(web, boss, 0.5) > 0
    shown = status(over_consul)
    assert {row["health"] for row in shown.values()} == {"healthy"}
    assert shown["consul"]["kind"] == "consul"
    assert web.get(over_consul.state.urls["consul"], follow_redirects=True).status_code == 200
    for context, names in (("movie", ["movie-1"]), ("rating", ["rating-1", "rating-2"]), ("metadata", ["metadata-1"])):
        assert passing(over_consul, context) == {name: shown[name]["address"] for name in names}


def test_a_killed_instance_disappears_and_its_successor_is_found(over_consul: WholeStack, web: httpx.Client, boss: Headers) -> None:
    before = passing(over_consul, "rating")["rating-1"]
    killed = kill(over_consul, "rating-1")
    eventually(lambda: passing(over_consul, "rating").get("rating-1") != before, 3.0)
    eventually(lambda: is_back(over_consul, "rating-1", killed), 20.0)
    eventually(lambda: passing(over_consul, "rating").get("rating-1") == over_consul.process("rating-1").address, 5.0)
    assert status(over_consul)["rating-1"]["health"] == "healthy"


def away(stack: WholeStack, web: httpx.Client, boss: Headers, seconds: float, patience: float = 10.0) -> None:
    """R14: Consul and the control plane hang for `seconds`, then die; what they come back with is empty at first.

    `patience` is how long a client may pause that has asked for the control plane all that time.
    """
    calls_answered(web, boss, 0.5)
    with frozen(stack, "consul", "control-plane"):
        assert calls_answered(web, boss, seconds) > 10
        consul, plane = kill(stack, "consul"), kill(stack, "control-plane")
    began = time.monotonic()
    while not (is_back(stack, "consul", consul) and is_back(stack, "control-plane", plane)) or time.monotonic() - began < 6.0:
        assert calls_answered(web, boss, 0.2) > 0
        assert time.monotonic() - began < 60
    killed = kill(stack, "metadata-1")  # its new address has to reach everybody from what came back
    eventually(lambda: is_back(stack, "metadata-1", killed), 20.0)
    eventually(lambda: web.get("/v1/genres").status_code == 200, patience)
    eventually(lambda: {row["health"] for row in status(stack).values()} == {"healthy"}, 10.0)
    assert calls_answered(web, boss, 0.5) > 0


def test_nobody_notices_that_consul_and_the_control_plane_are_away(over_consul: WholeStack, web: httpx.Client, boss: Headers) -> None:
    away(over_consul, web, boss, 2.0)


@pytest.mark.slow
def test_nobody_notices_that_they_are_away_for_minutes(over_consul: WholeStack, web: httpx.Client, boss: Headers) -> None:
    away(over_consul, web, boss, 180.0, patience=60.0)
