"""One training in a process of its own: it can be killed, and takes its memory with it when it ends."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_MODULE = "recommender_service.infrastructure.training"
_LONGEST_LINE = 1 << 20


class TrainingFailed(Exception):
    """There is no model; the text says why in words for an operator."""


async def run_training(database_url: str, directory: Path, seed: int, backend: str, master: str) -> AsyncGenerator[Mapping[str, Any], None]:
    """What it tells while it works, and last of all its manifest. Raises TrainingFailed. Left early, the process is killed."""
    process = await asyncio.create_subprocess_exec(
        _python(),
        "-P",
        "-m",
        _MODULE,
        str(directory),
        str(seed),
        backend,
        master,
        env=_environment(database_url),
        stdin=asyncio.subprocess.PIPE,  # it ends when its end of the pipe does, so also when we are killed
        stdout=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
    )
    assert process.stdout is not None  # noqa: S101  # asked for just above
    told: Mapping[str, Any] = {}
    try:
        async for line in process.stdout:
            told = json.loads(line)
            yield told
        code = await process.wait()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if "error" in told:
        raise TrainingFailed(told["error"])
    if code != 0 or "manifest" not in told:
        raise TrainingFailed(f"the process of the training was ended by signal {-code}" if code < 0 else f"it ended with exit code {code}")


def _python() -> str:
    """In Envoy, `sys.executable` is not a Python."""
    return str(Path(sys.prefix) / "bin" / "python")


def _environment(database_url: str) -> dict[str, str]:
    """Without what the Python in Envoy needs. One thread for linear algebra: the service beside it has calls to answer."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "LD_PRELOAD")}
    path = os.pathsep.join(part for part in sys.path if part)
    return {**kept, "PYTHONPATH": path, "REELMESH_DATABASE_URL": database_url, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
