"""Parts of an answer: side by side, in limited time, in nobody's name."""

import asyncio
import math
import time
from dataclasses import replace

import pytest

from mesh.call import Call, Deadline, Principal, TraceContext, current_call
from mesh.errors import Unavailable
from movie_service.application.parts import Parts, on_behalf_of_nobody, parts_deadline

CALL = Call("/x", Principal("users/alice", frozenset({"USER"})), Deadline(math.inf), ("en",), TraceContext("0", "0"), "Bearer secret")


async def after(seconds: float, value: str) -> str:
    await asyncio.sleep(seconds)
    return value


async def away() -> str:
    raise Unavailable("AWAY", "away")


async def broken() -> str:
    raise RuntimeError("a bug")


async def test_what_fails_or_is_late_is_named_and_the_rest_is_there() -> None:
    started = time.monotonic()
    async with Parts[str](CALL, Deadline.after(0.1)) as parts:
        quick, slow = parts.start("quick", after(0.02, "here")), parts.start("slow", after(5, "too late"))
        refused, bug = parts.start("refused", away()), parts.start("bug", broken())
    assert time.monotonic() - started < 1
    assert [parts.result(task) for task in (quick, slow, refused, bug)] == ["here", None, None, None]
    assert set(parts.unavailable) == {"slow", "refused", "bug"}


async def test_all_that_is_quick_is_not_waited_for_longer_than_it_takes() -> None:
    started = time.monotonic()
    async with Parts[str](CALL, Deadline.after(5)) as parts:
        parts.start("one", after(0.01, ""))
    assert time.monotonic() - started < 1


async def test_an_error_in_the_block_ends_the_parts() -> None:
    tasks: list[asyncio.Task[str]] = []

    async def fails_while_a_part_runs() -> None:
        async with Parts[str](CALL, Deadline.after(5)) as parts:
            tasks.append(parts.start("slow", after(5, "")))
            raise LookupError

    with pytest.raises(LookupError):
        await fails_while_a_part_runs()
    await asyncio.sleep(0)
    assert tasks[0].cancelled()


async def test_the_work_sees_the_shorter_deadline_and_the_block_keeps_its_own_call() -> None:
    async def seen() -> Call | None:
        return current_call.get()

    token = current_call.set(CALL)
    deadline = Deadline.after(1)
    async with Parts[str](CALL, deadline) as parts:
        task = parts.start("seen", seen())
        assert current_call.get() is CALL
    assert parts.result(task) == replace(CALL, deadline=deadline)
    current_call.reset(token)


def test_the_deadline_of_parts_is_before_the_callers_and_bounded() -> None:
    assert 0.7 < parts_deadline(CALL).remaining() <= 0.8
    assert 0.1 < parts_deadline(replace(CALL, deadline=Deadline.after(0.2))).remaining() <= 0.15
    assert parts_deadline(replace(CALL, deadline=Deadline.after(0.01))).remaining() == 0


def test_nobodys_call_carries_nothing_of_the_caller() -> None:
    call = on_behalf_of_nobody(CALL, ["fr"])
    assert call.principal.is_anonymous
    assert call.credentials == ""
    assert call.languages == ("fr",)
