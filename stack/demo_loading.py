"""Loads the demo catalogue once per data directory and what the cinemas show with each start, in a process of its own that can be stopped
like any other."""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from stack.directory import DataDirectory
from stack.errors import StackError
from stack.servers.command import Command

_PROGRAMME = "--programme"
_PROJECT = Path(__file__).resolve().parent.parent


async def load_demo_data(directory: DataDirectory, edge_address: str, token: str, say: Callable[[str], None]) -> None:
    """Only the programme when the marker is there; writes the marker only after everything has arrived."""
    what = [_PROGRAMME] if directory.demo_marker.exists() else []
    path = os.pathsep.join(part for part in (str(_PROJECT), os.environ.get("PYTHONPATH", "")) if part)
    argv = (sys.executable, "-P", "-m", "stack.demo_loading", edge_address, *what)
    command = Command(argv, env={"PYTHONPATH": path, "REELMESH_TOKEN": token})
    with (directory.logs / "demo.log").open("wb") as log:
        child = await asyncio.create_subprocess_exec(
            *command.launch_argv(),
            env=command.launch_env(),
            cwd=directory.path,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    try:
        assert child.stdout is not None  # noqa: S101 — it was asked for just above
        async for line in child.stdout:
            say(f"demo data: {line.decode(errors='replace').strip()}")
        code = await child.wait()
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if code != 0:
        last = (directory.logs / "demo.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise StackError(f"the demo data could not be loaded: {' '.join(last) or f'exit code {code}'}")
    directory.demo_marker.write_text("the demo catalogue is in this stack\n", encoding="utf-8")


def _main(edge_address: str, what: str = "") -> None:
    from stack.demo.loader import load_demo
    from stack.demo.programme import load_programme

    told: dict[str, int] = {}

    def progress(stage: str, done: int, total: int) -> None:
        tenth = 10 * done // max(total, 1)
        if told.get(stage) != tenth:
            told[stage] = tenth
            print(f"{stage} {done}/{total}", flush=True)

    token = os.environ["REELMESH_TOKEN"]
    if what != _PROGRAMME:
        asyncio.run(load_demo(edge_address, token, progress))
    asyncio.run(load_programme(edge_address, token, datetime.now(UTC), progress))


if __name__ == "__main__":
    _main(*sys.argv[1:])
