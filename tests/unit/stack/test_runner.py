"""How the work beside a stack is ended."""

import asyncio

from stack.runner import _cancelled


async def test_work_that_swallows_a_cancellation_is_told_again() -> None:
    async def deaf() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:  # as nats-py does while it connects
            await asyncio.sleep(60)

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await _cancelled(task)
    assert task.cancelled()
