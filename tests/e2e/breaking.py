"""Breaking a stack, and waiting for what comes of it."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import httpx
import psutil

from stack.whole import WholeStack
from tests.e2e.conftest import Headers

BACK = 10.0  # seconds that a killed process may be missing


def new_movie(web: httpx.Client, boss: Headers) -> str:
    """Its path; nothing about it is in any cache."""
    created = web.post("/v1/movies", json={"title": "Fault"}, headers=boss)
    assert created.status_code == 200, created.text
    return f"/v1/{created.json()['name']}"


def kill(stack: WholeStack, name: str) -> int:
    pid = stack.process(name).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=5)
    return pid


def eventually(check: Callable[[], Any], seconds: float = BACK) -> float:
    """Seconds until `check` was true."""
    began = time.monotonic()
    while not check():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - began


def is_back(stack: WholeStack, name: str, killed: int) -> bool:
    now = stack.process(name)
    return now.state == "healthy" and now.pid != killed
