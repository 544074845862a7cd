"""Starts the processes of the platform in the order of their needs, keeps them alive and stops them in reverse."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path

from stack.component import Component
from stack.logfiles import LogFile
from stack.process import Backoff, SupervisedProcess

_LOG_CHECK = 30.0  # seconds between two looks at the size of the log files


class Supervisor:
    """`start` returns when every process is ready, or raises the StackError of the first that cannot start; `stop` is always safe."""

    def __init__(
        self,
        components: Sequence[Component],
        logs: Path,
        *,
        backoff: Backoff | None = None,
        on_change: Callable[[SupervisedProcess], None] = lambda _: None,
    ) -> None:
        names = [component.name for component in components]
        missing = {need for component in components for need in component.after} - set(names)
        if missing or len(set(names)) != len(names):
            raise ValueError(f"unknown needs {sorted(missing)} or names used twice in {names}")
        pauses = backoff or Backoff()
        self.processes = [SupervisedProcess(component, LogFile(logs, component.name), pauses, on_change) for component in components]
        self._by_name = {process.component.name: process for process in self.processes}
        self._tasks: list[asyncio.Task[None]] = []
        self._hurry = asyncio.Event()

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._run(process), name=process.component.name) for process in self.processes]
        everything_ready = asyncio.create_task(_all(process.has_been_ready.wait() for process in self.processes))
        try:
            await asyncio.wait([everything_ready, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            everything_ready.cancel()
        self._raise_first_failure()
        self._tasks.append(asyncio.create_task(self._bound_logs()))

    async def wait(self, stop: asyncio.Event) -> None:
        """Returns when `stop` is set; raises what ended the care for a process, which only a defect of ours can."""
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([stopped, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        self._raise_first_failure()

    def hurry(self) -> None:
        """From now on stopping does not wait for drains."""
        self._hurry.set()

    async def stop(self) -> None:
        """Last in, first out: what nothing depends on stops first; processes at the same depth stop together."""
        depths = {process.component.name: self._depth(process) for process in self.processes}
        for depth in sorted(set(depths.values()), reverse=True):
            group = [process for process in self.processes if depths[process.component.name] == depth]
            await asyncio.gather(*(process.stop(self._hurry) for process in group))
        for task in self._tasks:
            if task.get_name() not in self._by_name:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, process: SupervisedProcess) -> None:
        await process.run([self._by_name[need].has_been_ready for need in process.component.after])

    def _raise_first_failure(self) -> None:
        for task in self._tasks:
            if task.done() and not task.cancelled() and (error := task.exception()):
                raise error

    def _depth(self, process: SupervisedProcess) -> int:
        return 1 + max((self._depth(self._by_name[need]) for need in process.component.after), default=0)

    async def _bound_logs(self) -> None:
        while True:
            await asyncio.sleep(_LOG_CHECK)
            for process in self.processes:
                await asyncio.to_thread(process.log.bound)


async def _all(awaitables: Iterable[Awaitable[object]]) -> None:
    await asyncio.gather(*awaitables)
