"""The programs that `make tools` builds: where they are, what to do where they are not, one run of them."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from stack.servers.tools import find_tool

_SECONDS = 30


@dataclass(frozen=True)
class Finished:
    """How a run of a program ended."""

    exit_code: int
    output: str
    complaint: str


def required_tool(name: str) -> Path:
    """The program; the test is skipped where there is none, and fails in CI, which has to have it."""
    found = find_tool(name)
    if found is not None:
        return found
    why = f"{name} is neither in .tools/bin nor on PATH: install Go, then `make tools`"
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


async def finished(program: Path, arguments: Sequence[str]) -> Finished:
    """Waits for the program, while this process goes on serving; one that hangs is killed and fails the test."""
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"},  # a proxy of this machine is not for its own loopback interface
    )
    try:
        async with asyncio.timeout(_SECONDS):
            output, complaint = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Finished(process.returncode or 0, output.decode(), complaint.decode())
