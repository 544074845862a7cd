"""The supervisor, with children that are small Python programs."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from stack.component import Component, State
from stack.errors import StackError
from stack.process import Backoff, SupervisedProcess
from stack.supervisor import Supervisor
from tests.unit.stack.children import CRASHES, DEAF, child, ends_after

QUICK = Backoff(first=0.05, factor=2, limit=0.2, forgiven_after=60, attempts=2)


class Diary:
    """Every change of state that the supervisor reports, as `name state`."""

    def __init__(self) -> None:
        self.entries: list[str] = []

    def __call__(self, process: SupervisedProcess) -> None:
        self.entries.append(f"{process.component.name} {process.state.value}")

    def order_of(self, state: State) -> list[str]:
        return [entry.split()[0] for entry in self.entries if entry.endswith(f" {state.value}")]


@asynccontextmanager
async def supervised(tmp_path: Path, *components: Component, diary: Diary | None = None) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(components, tmp_path, backoff=QUICK, on_change=diary or Diary())
    try:
        yield supervisor
    finally:
        await supervisor.stop()


async def until(condition: Callable[[], object], seconds: float = 10) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not happen in time"
        await asyncio.sleep(0.02)


def alive(pid: int | None) -> bool:
    return pid is not None and Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


async def test_processes_start_after_what_they_need_and_stop_before_it(tmp_path: Path) -> None:
    diary = Diary()
    edge, service, database = child("edge", after=("service",)), child("service", after=("database",)), child("database")
    async with supervised(tmp_path, edge, service, database, diary=diary) as supervisor:
        await supervisor.start()
        pids = [process.pid for process in supervisor.processes]
        assert all(alive(pid) for pid in pids)
    assert diary.order_of(State.HEALTHY) == ["database", "service", "edge"]
    assert diary.order_of(State.STOPPED) == ["edge", "service", "database"]
    assert not any(alive(pid) for pid in pids)


async def test_a_crashed_process_is_started_again(tmp_path: Path) -> None:
    async with supervised(tmp_path, child("service")) as supervisor:
        await supervisor.start()
        process = supervisor.processes[0]
        first = process.pid
        assert first is not None
        os.kill(first, 9)
        await until(lambda: process.restarts == 1 and process.state is State.HEALTHY)
        assert process.pid != first
        assert process.last_exit == "signal SIGKILL"


async def test_pauses_between_restarts_grow_up_to_a_limit() -> None:
    backoff = Backoff(first=0.5, factor=2, limit=30)
    assert [backoff.pause(failures) for failures in (1, 2, 3, 8, 1_000)] == [0.5, 1, 2, 30, 30]


async def test_a_process_that_keeps_crashing_after_it_was_ready_is_never_given_up(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    async with supervised(tmp_path, child("service", ends_after(runs, healthy_runs=4))) as supervisor:
        await supervisor.start()
        process = supervisor.processes[0]
        await until(lambda: process.restarts == 4 and process.state is State.HEALTHY)
        assert process.last_exit == "exit code 7"


async def test_a_process_that_cannot_start_fails_the_start_with_its_last_words(tmp_path: Path) -> None:
    async with supervised(
        tmp_path, child("database"), child("service", CRASHES, is_ready=lambda: False, after=("database",))
    ) as supervisor:
        with pytest.raises(StackError, match=r"service does not start \(exit code 3\).*no such setting: colour"):
            await supervisor.start()
        database = supervisor.processes[0].pid
        assert alive(database)
    assert not alive(database)


async def test_a_process_that_is_never_ready_fails_the_start(tmp_path: Path) -> None:
    async with supervised(tmp_path, child("service", is_ready=lambda: False, start_timeout=0.1)) as supervisor:
        with pytest.raises(StackError, match="not ready after"):
            await supervisor.start()


async def test_a_preparation_that_fails_is_told_in_its_own_sentence(tmp_path: Path) -> None:
    def full() -> None:
        raise StackError("the disk is full")

    broken = Component(name="database", kind="fake", command=child("x").command, is_ready=lambda: True, address=str, prepare=full)
    async with supervised(tmp_path, broken) as supervisor:
        with pytest.raises(StackError, match=r"^the disk is full$"):
            await supervisor.start()


async def test_a_process_that_does_not_listen_is_stopped_all_the_same(tmp_path: Path) -> None:
    log = tmp_path / "deaf.log"
    async with supervised(tmp_path, child("deaf", DEAF, stop_timeout=0.2, is_ready=lambda: "deaf" in log.read_text())) as supervisor:
        await supervisor.start()
        pid, began = supervisor.processes[0].pid, time.monotonic()
    assert not alive(pid)
    assert time.monotonic() - began < 3


async def test_in_a_hurry_nobody_waits_for_a_drain(tmp_path: Path) -> None:
    log = tmp_path / "deaf.log"
    async with supervised(tmp_path, child("deaf", DEAF, stop_timeout=30, is_ready=lambda: "deaf" in log.read_text())) as supervisor:
        await supervisor.start()
        supervisor.hurry()
        began = time.monotonic()
    assert time.monotonic() - began < 3


async def test_stopping_during_the_start_leaves_nothing(tmp_path: Path) -> None:
    diary = Diary()
    async with supervised(tmp_path, child("slow", is_ready=lambda: False), child("late", after=("slow",)), diary=diary) as supervisor:
        starting = asyncio.create_task(supervisor.start())
        await until(lambda: supervisor.processes[0].pid)
        pid = supervisor.processes[0].pid
    await starting
    assert not alive(pid)
    assert "late starting" not in diary.entries


async def test_the_end_of_a_process_is_told_to_its_component(tmp_path: Path) -> None:
    ends: list[str] = []
    async with supervised(tmp_path, child("service", gone=lambda: ends.append("gone"))) as supervisor:
        await supervisor.start()
        assert ends == []
    assert ends == ["gone"]


async def test_a_new_run_keeps_the_log_of_the_last_one(tmp_path: Path) -> None:
    (tmp_path / "service.log").write_text("yesterday")
    async with supervised(tmp_path, child("service")) as supervisor:
        await supervisor.start()
    assert (tmp_path / "service.log.1").read_text() == "yesterday"
    assert (tmp_path / "service.log").read_text() == ""


def test_a_need_that_nobody_fills_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="databse"):
        Supervisor([child("service", after=("databse",))], tmp_path)
