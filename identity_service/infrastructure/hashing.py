"""argon2id in a few threads of its own: a login costs tens of milliseconds of CPU, which no other call waits for."""

import asyncio
import base64
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from identity_service.domain.errors import HashingBusy

T = TypeVar("T")
# Threads have a priority of their own on Linux: whoever reads a movie goes before whoever hashes a password. By so much less than ours.
_STEPS_BACK = 15


def all_but_one_cpu() -> int:
    """One is left to those who do not log in; where there is only one, it is shared."""
    return max(1, len(os.sched_getaffinity(0)) - 1) if hasattr(os, "sched_getaffinity") else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class HashingParameters:
    """Of argon2id: KiB of memory, passes over it, lanes. `threads` hash at once, `most_waiting` wait.

    What the rest of a login costs is little beside it: about 45 ms of one CPU of 2025.
    """

    memory_kib: int = 26_624
    time_cost: int = 4
    parallelism: int = 1
    threads: int = field(default_factory=all_but_one_cpu)
    most_waiting: int = 100


class ArgonHasher:
    """The port Hasher. Parameters are in each hash, so that old ones still verify."""

    def __init__(self, parameters: HashingParameters) -> None:
        self._hasher = argon2.PasswordHasher(
            time_cost=parameters.time_cost, memory_cost=parameters.memory_kib, parallelism=parameters.parallelism
        )
        self._threads = ThreadPoolExecutor(parameters.threads, thread_name_prefix="argon2", initializer=_step_back)
        self._most = parameters.threads + parameters.most_waiting
        self._at_work = 0
        self._nobodys = _hash_of_nobody(parameters)

    async def hash(self, password: str) -> str:
        return await self._in_thread(lambda: self._hasher.hash(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        right = await self._in_thread(lambda: self._verified(password_hash or self._nobodys, password))
        return right and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        return self._hasher.check_needs_rehash(password_hash)

    def _verified(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._at_work >= self._most:
            raise HashingBusy
        self._at_work += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._at_work -= 1


def _hash_of_nobody(parameters: HashingParameters) -> str:
    """Stands for accounts that are not there: as much work as any, and no password has it."""
    salt, digest = (base64.b64encode(os.urandom(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={parameters.memory_kib},t={parameters.time_cost},p={parameters.parallelism}${salt}${digest}"


def _step_back() -> None:
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + _STEPS_BACK)
