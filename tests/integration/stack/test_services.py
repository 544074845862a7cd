"""Services under the supervisor, played by a small program that registers as a service does."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from stack.directory import DataDirectory
from stack.state import ProcessEntry, read_state
from tests.integration.stack.conftest import BareStack

Start = Callable[..., BareStack]

_SERVICE = """
import json, os, pathlib, signal, sys, time
me, registry = os.environ["REELMESH_INSTANCE_ID"], pathlib.Path(os.environ["REELMESH_REGISTRY_DIR"])
if os.environ.get("FAKE_SETTING") == "wrong":
    sys.exit("FAKE_SETTING: wrong is not a colour")
if os.environ.get("FAKE_SETTING") == "slow":
    time.sleep(2)
told = {name: value for name, value in os.environ.items() if name.startswith("REELMESH_")}
pathlib.Path(me + ".told").write_text(json.dumps(told))
(registry / (me + ".new")).write_text(json.dumps({"address": "127.0.0.1:" + str(os.getpid()), "pid": os.getpid()}))
(registry / (me + ".new")).rename(registry / (me + ".json"))
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def fake_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "packages" / "fake_service"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(_SERVICE)
    monkeypatch.setenv("PYTHONPATH", str(package.parent))


def entry(stack: BareStack) -> ProcessEntry:
    state = read_state(DataDirectory(stack.data_dir).state_file)
    assert state is not None
    return next(process for process in state.processes if process.name == "fake-1")


def test_a_service_gets_its_database_its_events_and_its_keys(bare_stack: Start) -> None:
    stack = bare_stack("data", "fake")
    told = json.loads((stack.data_dir / "fake-1.told").read_text())
    with psycopg.connect(told["REELMESH_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT current_database(), current_user").fetchone() == ("fake", "fake")
    assert told["REELMESH_NATS_URL"].startswith("nats://reelmesh:")
    assert json.loads(Path(told["REELMESH_JWKS_FILE"]).read_text())["keys"][0]["crv"] == "Ed25519"
    assert entry(stack).address == f"127.0.0.1:{entry(stack).pid}"


def test_a_killed_service_is_out_of_the_registry_and_comes_back(bare_stack: Start) -> None:
    stack = bare_stack("data", "fake")
    before = entry(stack)
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    limit = time.monotonic() + 20
    while (now := entry(stack)).state != "healthy" or now.pid == before.pid:
        assert time.monotonic() < limit, now
        time.sleep(0.05)
    assert (now.restarts, now.last_exit, now.address) == (1, "signal SIGKILL", f"127.0.0.1:{now.pid}")


def test_a_service_with_wrong_settings_ends_the_start_with_its_last_words(bare_stack: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_SETTING", "wrong")
    with pytest.raises(AssertionError, match=r"fake-1 does not start \(exit code 1\).*FAKE_SETTING: wrong is not a colour"):
        bare_stack("data", "fake")


def test_registrations_of_a_killed_stack_are_forgotten(bare_stack: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = bare_stack("data", "fake")
    before = entry(stack)
    stack.end(signal.SIGKILL)
    assert (DataDirectory(stack.data_dir).registry / "fake-1.json").exists()
    monkeypatch.setenv("FAKE_SETTING", "slow")  # the old registration would have been taken for its own meanwhile
    now = entry(bare_stack("data", "fake"))
    assert now.address == f"127.0.0.1:{now.pid}" != before.address
