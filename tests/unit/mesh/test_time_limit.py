"""`within`: the same as a timer around the work, whether or not the work ever waits."""

import asyncio
from typing import Any

import pytest

from mesh.call import Deadline
from mesh.time_limit import within


async def test_work_that_never_waits_gives_its_result_without_a_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_timer(delay: float) -> Any:
        raise AssertionError("a timer was made")

    monkeypatch.setattr(asyncio, "timeout", no_timer)

    async def work() -> str:
        return "at hand"

    assert await within(Deadline.after(0), work()) == "at hand"


async def test_work_that_waits_several_times_gives_its_result() -> None:
    async def work() -> list[int]:
        found = []
        for number in range(3):
            await asyncio.sleep(0)
            found.append(await asyncio.sleep(0.001, number))
        return found

    assert await within(Deadline.after(5), work()) == [0, 1, 2]


@pytest.mark.parametrize("waits", [False, True])
async def test_an_error_of_the_work_is_raised(waits: bool) -> None:
    async def work() -> None:
        if waits:
            await asyncio.sleep(0.001)
        raise LookupError

    with pytest.raises(LookupError):
        await within(Deadline.after(5), work())


async def test_work_that_waits_too_long_is_cancelled_and_cleans_up() -> None:
    seen = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(0.001)  # cleaning up may wait too
            seen.append("cleaned up")
            raise

    with pytest.raises(TimeoutError):
        await within(Deadline.after(0.01), work())
    assert seen == ["cleaned up"]


async def test_the_error_of_what_is_awaited_arrives_in_the_work_and_may_be_caught_there() -> None:
    failing = asyncio.get_running_loop().create_future()

    async def work() -> str:
        try:
            await failing
        except LookupError:
            return await asyncio.sleep(0.001, "caught")
        return "missed"

    asyncio.get_running_loop().call_later(0.005, failing.set_exception, LookupError())
    assert await within(Deadline.after(5), work()) == "caught"


async def test_a_cancellation_from_outside_stays_a_cancellation() -> None:
    started = asyncio.Event()

    async def work() -> None:
        started.set()
        await asyncio.sleep(60)

    async def limited() -> None:
        await within(Deadline.after(60), work())

    task = asyncio.create_task(limited())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
