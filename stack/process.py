"""One child process kept alive: started, watched, started again with growing pauses, stopped in good order."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from stack.component import Component, State
from stack.errors import StackError
from stack.logfiles import LogFile
from stack.servers.command import Command

_POLL = 0.05  # seconds between two questions whether a starting process is ready
_LAST_RESORT = 5.0  # seconds between the orphan signal and SIGKILL


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses before a restart, in seconds; a process that ran for `forgiven_after` starts again from `first`."""

    first: float = 0.5
    factor: float = 2.0
    limit: float = 30.0
    forgiven_after: float = 60.0
    attempts: int = 3

    def pause(self, failures: int) -> float:
        return min(self.limit, self.first * self.factor ** max(0, failures - 1))


class SupervisedProcess:
    """`run` goes on until `stop`; it raises StackError when the process fails `Backoff.attempts` times without ever being ready."""

    def __init__(self, component: Component, log: LogFile, backoff: Backoff, on_change: Callable[["SupervisedProcess"], None]) -> None:
        self.component = component
        self.log = log
        self.state = State.WAITING
        self.pid: int | None = None
        self.restarts = 0
        self.last_exit = ""
        self.has_been_ready = asyncio.Event()
        self._backoff = backoff
        self._on_change = on_change
        self._stopping = asyncio.Event()
        self._spawning = asyncio.Lock()  # `stop` must not look between the decision to start a child and its start
        self._child: asyncio.subprocess.Process | None = None
        self._command: Command | None = None

    async def run(self, needs: Sequence[asyncio.Event] = ()) -> None:
        for need in needs:
            await _first_of(need.wait(), self._stopping.wait())
        if not self._stopping.is_set():
            self.log.begin()
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            await self._run_once()
            if self._stopping.is_set():
                break
            failures = 1 if time.monotonic() - began > self._backoff.forgiven_after else failures + 1
            if not self.has_been_ready.is_set() and failures >= self._backoff.attempts:
                self._become(State.FAILED)
                raise StackError(self._obituary())
            self.restarts += 1
            self._become(State.RESTARTING)
            await _first_of(self._stopping.wait(), asyncio.sleep(self._backoff.pause(failures)))
        self._become(State.STOPPED)

    async def stop(self, hurry: asyncio.Event) -> None:
        """Asks, waits `stop_timeout` (less when in a hurry), insists, kills. Returns when the process has gone."""
        self._stopping.set()
        async with self._spawning:
            child, command = self._child, self._command
        if child is None or command is None:
            return
        self._become(State.STOPPING)
        _signal(child, command.stop_signal)
        await _first_of(child.wait(), hurry.wait(), asyncio.sleep(self.component.stop_timeout))
        if child.returncode is None:
            _signal(child, command.orphan_signal)
            await _first_of(child.wait(), asyncio.sleep(_LAST_RESORT))
        if child.returncode is None:
            _signal(child, signal.SIGKILL)
        await child.wait()

    async def _run_once(self) -> None:
        self._become(State.STARTING)
        try:
            child = await self._spawn()
        except (StackError, OSError) as error:
            if not self.has_been_ready.is_set():
                self._become(State.FAILED)
                raise error if isinstance(error, StackError) else StackError(f"{self.component.name} does not start: {error}") from error
            self.last_exit = str(error)  # a disk may be full for a while only: keep trying
            return
        if child is None:
            return
        try:
            await self._watch(child)
        finally:
            if child.returncode is None:
                _signal(child, signal.SIGKILL)
            code = await child.wait()
            _kill_group(child.pid)
            with suppress(OSError):
                await asyncio.to_thread(self.component.gone)
            # Last, and nothing is awaited until the state says the same: nobody is shown a healthy process without a pid.
            self._child, self.pid = None, None
            self.last_exit = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    async def _spawn(self) -> asyncio.subprocess.Process | None:
        await asyncio.to_thread(self.component.prepare)
        async with self._spawning:
            if self._stopping.is_set():
                return None
            self._command = command = self.component.command()
            with self.log.open() as output:
                # A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which stops the others in order.
                self._child = await asyncio.create_subprocess_exec(
                    *command.launch_argv(),
                    env=command.launch_env(),
                    cwd=command.cwd or "/",
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            self.pid = self._child.pid
            return self._child

    async def _watch(self, child: asyncio.subprocess.Process) -> None:
        exited = asyncio.ensure_future(child.wait())
        limit = time.monotonic() + self.component.start_timeout
        while not exited.done() and not await asyncio.to_thread(self.component.is_ready):
            if time.monotonic() > limit:
                with self.log.open() as log:
                    log.write(f"not ready after {self.component.start_timeout:.0f} s: stopped by the supervisor\n".encode())
                exited.cancel()
                return
            await _first_of(asyncio.shield(exited), asyncio.sleep(_POLL))
        if not exited.done() and not self._stopping.is_set():
            if not self.has_been_ready.is_set():
                await asyncio.to_thread(self.component.first_ready)
                self.has_been_ready.set()
            self._become(State.HEALTHY)
        await exited

    def _become(self, state: State) -> None:
        if self.state is not state:
            self.state = state
            self._on_change(self)

    def _obituary(self) -> str:
        said = " / ".join(dict.fromkeys(self.log.last_lines())) or "it said nothing"  # each attempt may have said the same
        return f"{self.component.name} does not start ({self.last_exit}); its last words in {self.log.path}: {said}"


def _signal(child: asyncio.subprocess.Process, number: int) -> None:
    try:
        child.send_signal(number)
    except ProcessLookupError:
        return


def _kill_group(pid: int) -> None:
    """Whatever the process had started itself and left behind in its session."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


async def _first_of(*awaitables: Awaitable[object]) -> None:
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
