"""One whole run of a stack in this process: start, first answer, demo data, care, end."""

import asyncio
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from stack.admin_login import AdminLogin
from stack.demo_loading import load_demo_data
from stack.directory import DataDirectory
from stack.display import Display
from stack.errors import StackError
from stack.platform import Platform
from stack.state import StackState, entries, write_state
from stack.supervisor import Supervisor
from stack.tokens import SigningKeys
from stack.topology import Options

_FIRST_ANSWER = 30.0  # seconds from "every process is ready" to the first answer through the edge
_TOKEN_TTL = 24 * 3600.0
_TICK = 0.25
_TOLD_AGAIN = 0.5


class Run:
    """`ready` is told once, when the platform has answered its first request; `settled` when the demo data has come or failed too.

    `tokens` off keeps URLs and tokens out of the display: in the background that is a log file.
    """

    def __init__(
        self, options: Options, display: Display, ready: Callable[[], None], settled: Callable[[], None], *, tokens: bool = True
    ) -> None:
        self._options, self._display, self._ready, self._settled, self._tokens = options, display, ready, settled, tokens
        self._directory = DataDirectory(options.data_dir)
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Returns after an orderly stop; raises StackError when the stack cannot start. Nothing of it runs afterwards."""
        self._directory.open()
        with self._directory.lock():
            platform = Platform(self._directory, self._options)
            platform.prepare()
            supervisor = Supervisor(platform.components(), self._directory.logs, on_change=self._display.changed)
            self._listen_to_signals(supervisor)
            beside = [asyncio.create_task(self._keep_books(platform, supervisor))]
            if self._options.mtls:
                beside.append(asyncio.create_task(platform.certificates.keep_renewed(self._display.say)))
            try:
                await self._care(platform, supervisor)
            finally:
                self._display.say("stopping …")
                await supervisor.stop()
                for task in beside:
                    await _cancelled(task)
                self._directory.state_file.unlink(missing_ok=True)

    async def _care(self, platform: Platform, supervisor: Supervisor) -> None:
        starting = asyncio.create_task(self._start(platform, supervisor))
        stopped = asyncio.create_task(self._stop.wait())
        await asyncio.wait([starting, stopped], return_when=asyncio.FIRST_COMPLETED)
        await _cancelled(stopped)
        if not starting.done():
            await _cancelled(starting)
            return
        await starting
        self._write(platform, supervisor)
        self._announce(platform.urls)
        self._ready()
        beside = [asyncio.create_task(self._load_demo(platform)), asyncio.create_task(platform.mailbox.run())]
        try:
            await supervisor.wait(self._stop)
        finally:
            for task in beside:
                await _cancelled(task)

    async def _start(self, platform: Platform, supervisor: Supervisor) -> None:
        await supervisor.start()
        if self._options.edge:
            await _first_answer(platform.probe_url)

    async def _load_demo(self, platform: Platform) -> None:
        try:
            if self._options.demo and self._options.edge:
                token = SigningKeys(self._directory.secrets).token("users/admin", ["ADMIN", "USER"], _TOKEN_TTL)
                await load_demo_data(self._directory, platform.edge_address, token, self._display.say)
        except StackError as error:
            self._display.say(f"{error}; the next `reelmesh up` tries again")
        finally:
            self._settled()

    async def _keep_books(self, platform: Platform, supervisor: Supervisor) -> None:
        """Writes the state when it changed and lets the display redraw."""
        last: StackState | None = None
        while True:
            state = StackState(os.getpid(), await asyncio.to_thread(entries, supervisor.processes), platform.urls)
            if state != last:
                last = state
                write_state(self._directory.state_file, state)
            self._display.redraw(supervisor.processes)
            await asyncio.sleep(_TICK)

    def _write(self, platform: Platform, supervisor: Supervisor) -> None:
        write_state(self._directory.state_file, StackState(os.getpid(), entries(supervisor.processes), platform.urls))

    def _announce(self, urls: dict[str, str]) -> None:
        for line in announcement(self._directory, urls) if self._tokens else []:
            self._display.say(line)

    def _listen_to_signals(self, supervisor: Supervisor) -> None:
        loop = asyncio.get_running_loop()

        def asked() -> None:
            if self._stop.is_set():
                supervisor.hurry()  # asked twice: somebody does not want to wait for drains
            self._stop.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, asked)


def announcement(directory: DataDirectory, urls: dict[str, str]) -> list[str]:
    """What a person needs to begin: where to go, and tokens to write with."""
    keys = SigningKeys(directory.secrets)
    lines = [f"{name:<12} {url}" for name, url in urls.items()]
    email, password = AdminLogin(directory.admin_login).read()
    lines.append(f"mailbox      {directory.mailbox}")
    lines.append(f"admin login  {email} {password} (as the stack made it; it is in {directory.admin_login})")
    lines.append(f"USER token   {keys.token('users/alice', ['USER'], _TOKEN_TTL)}")
    lines.append(f"ADMIN token  {keys.token('users/admin', ['ADMIN', 'USER'], _TOKEN_TTL)}")
    lines.append(f"data         {directory.path} (tokens hold for 24 h; more with `reelmesh token --help`)")
    return lines


async def _cancelled(task: "asyncio.Task[Any]") -> None:
    """Told again while it goes on: nats-py takes a cancellation that comes while it connects for the end of a wait of its own."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_TOLD_AGAIN)
    if not task.cancelled():
        task.result()


async def _first_answer(url: str) -> None:
    limit = asyncio.get_running_loop().time() + _FIRST_ANSWER
    while (problem := await asyncio.to_thread(_problem_of, url)) is not None:
        if asyncio.get_running_loop().time() > limit:
            raise StackError(f"the platform has started but does not answer {url}: {problem}")
        await asyncio.sleep(0.1)


def _problem_of(url: str) -> str | None:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 — our own loopback address
            answer.read()
            return None
    except urllib.error.HTTPError as error:
        with error:
            return f"HTTP {error.code} {error.read(300).decode(errors='replace')}"
    except (OSError, ValueError) as error:
        return str(error)
