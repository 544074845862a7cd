"""What calls ask for together: who goes with whom, when, and what is left of each one's own deadline, error and leaving."""

import asyncio
import gc
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from mesh.call import ANONYMOUS, Call, Deadline, Principal, TraceContext, current_call
from mesh.errors import NotFound, Unavailable
from mesh.gathering import Gathering

LONG = 60.0


def call(seconds: float = 10.0, *, languages: tuple[str, ...] = (), trace: str = "a") -> Call:
    return Call(
        "/test.v1.Test/Get", ANONYMOUS, Deadline.after(seconds), languages, TraceContext(trace * 32, f"00-{trace * 32}-{trace * 16}-00")
    )


class Source:
    """Answers the length of each key but the empty one, or `error` once; a load waits until it is let go, and remembers its call."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.calls: list[Call] = []
        self.ended = 0
        self.error: Exception | None = None
        self.release = asyncio.Event()

    async def load(self, keys: Sequence[str]) -> Mapping[str, int]:
        made = current_call.get()
        assert made is not None
        self.asked.append(list(keys))
        self.calls.append(made)
        try:
            await self.release.wait()
        finally:
            self.ended += 1
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return {key: len(key) for key in keys if key}


def asking(gathering: Gathering[str, int], key: str, made: Call | None = None) -> "asyncio.Task[int | None]":
    async def get() -> int | None:
        current_call.set(made or call())
        return await gathering.get(key)

    return asyncio.create_task(get())


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_first_leaves_at_once_and_who_comes_meanwhile_goes_together() -> None:
    source = Source()
    gathering = Gathering(source.load, most=10, patience=LONG)
    first = asking(gathering, "a")
    await settle()
    later = [asking(gathering, key) for key in ("bb", "ccc", "bb", "")]
    await settle()
    assert source.asked == [["a"]]
    source.release.set()
    assert await asyncio.gather(first, *later) == [1, 2, 3, 2, None]
    assert source.asked == [["a"], ["bb", "ccc", ""]]


async def test_nobody_waits_longer_than_patience_for_an_answer_that_is_late() -> None:
    source = Source()
    gathering = Gathering(source.load, most=10, patience=0.001)
    tasks = [asking(gathering, "a")]
    await settle()
    tasks += [asking(gathering, "bb"), asking(gathering, "ccc")]
    await asyncio.sleep(0.01)
    assert source.asked == [["a"], ["bb", "ccc"]]
    source.release.set()
    assert await asyncio.gather(*tasks) == [1, 2, 3]


async def test_as_many_as_may_go_together_do_not_wait_for_more() -> None:
    source = Source()
    gathering = Gathering(source.load, most=2, patience=LONG)
    tasks = [asking(gathering, key) for key in ("a", "bb", "ccc")]
    await settle()
    assert source.asked == [["a", "bb"]]
    tasks.append(asking(gathering, "dddd"))
    await settle()
    assert source.asked == [["a", "bb"], ["ccc", "dddd"]]
    source.release.set()
    assert await asyncio.gather(*tasks) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "made",
    [
        replace(call(), principal=Principal("users/alice", frozenset())),
        replace(call(), credentials="Bearer token"),
        replace(call(), trace=TraceContext("a" * 32, f"00-{'a' * 32}-{'b' * 16}-01")),
    ],
    ids=["a caller", "credentials", "a recorded trace"],
)
async def test_a_call_for_somebody_or_on_record_goes_alone_and_as_itself(made: Call) -> None:
    source = Source()
    gathering = Gathering(source.load, most=10, patience=LONG)
    tasks = [asking(gathering, "a"), asking(gathering, "bb", made), asking(gathering, "ccc")]
    await settle()
    assert sorted(source.asked) == [["a", "ccc"], ["bb"]]
    assert source.calls[source.asked.index(["bb"])] is made
    source.release.set()
    assert await asyncio.gather(*tasks) == [1, 2, 3]


async def test_outside_any_call_it_is_asked_alone() -> None:
    async def load(keys: Sequence[str]) -> Mapping[str, int]:
        assert current_call.get() is None
        return {key: len(key) for key in keys}

    assert await Gathering(load, most=10).get("bb") == 2


async def test_languages_go_apart_and_leave_nothing_behind() -> None:
    source = Source()
    gathering = Gathering(source.load, most=10, patience=LONG)
    tasks = [asking(gathering, "a", call(languages=(language,))) for language in ("en", "fr", "en")]
    await settle()
    assert [made.languages for made in source.calls] == [("en",), ("fr",)]
    waiting = asking(gathering, "a", call(languages=("en",)))
    await settle()
    waiting.cancel()
    source.release.set()
    assert await asyncio.gather(*tasks) == [1, 1, 1]
    await settle()
    assert not gathering._queues


async def test_the_question_has_the_time_of_the_most_patient() -> None:
    source = Source()
    gathering = Gathering(source.load, most=10, patience=LONG)
    hurried, patient = call(0.1, trace="a"), call(5.0, trace="b")
    tasks = [asking(gathering, "a", hurried), asking(gathering, "bb", patient)]
    await settle()
    (made,) = source.calls
    assert made == replace(hurried, deadline=patient.deadline)
    source.release.set()
    await asyncio.gather(*tasks)


async def test_an_error_is_everybodys_who_asked_with_it_and_nobody_elses() -> None:
    source = Source()
    source.error = error = Unavailable("AWAY", "away")
    gathering = Gathering(source.load, most=10, patience=LONG)
    together = [asking(gathering, "a"), asking(gathering, "bb")]
    await settle()
    later = asking(gathering, "ccc")
    source.release.set()
    assert await asyncio.gather(*together, return_exceptions=True) == [error, error]
    assert await later == 3


async def test_who_leaves_takes_nothing_from_the_others_and_the_last_one_ends_it() -> None:
    source = Source()
    gathering = Gathering(source.load, most=10, patience=LONG)
    tasks = [asking(gathering, key, call(trace=trace)) for key, trace in (("a", "a"), ("bb", "b"), ("ccc", "c"))]
    await settle()
    tasks[2].cancel()
    await settle()
    assert (source.ended, len(source.asked)) == (0, 1)
    tasks[0].cancel()
    await settle()
    assert source.ended == 1
    assert source.asked[1:] == [["bb"]]
    assert [made.trace.trace_id[0] for made in source.calls] == ["a", "b"]
    tasks[1].cancel()
    await settle()
    assert source.ended == 2
    assert not gathering._queues
    source.release.set()
    assert await asking(gathering, "ccc") == 3


async def test_those_who_ask_anew_and_those_who_wait_are_not_more_than_may_go_together() -> None:
    source = Source()
    gathering = Gathering(source.load, most=3, patience=LONG)
    tasks = [asking(gathering, key) for key in ("a", "bb", "ccc")]
    await settle()
    tasks += [asking(gathering, key) for key in ("dddd", "eeeee")]
    await settle()
    tasks.pop(0).cancel()
    await settle()
    assert source.asked == [["a", "bb", "ccc"], ["bb", "ccc", "dddd"], ["eeeee"]]
    source.release.set()
    assert await asyncio.gather(*tasks) == [2, 3, 4, 5]


async def test_who_left_before_departure_is_not_asked_for() -> None:
    source = Source()
    gathering = Gathering(source.load, most=10, patience=LONG)
    first = asking(gathering, "a")
    await settle()
    gone, there = asking(gathering, "bb"), asking(gathering, "ccc")
    await settle()
    gone.cancel()
    source.release.set()
    assert (await first, await there) == (1, 3)
    assert source.asked == [["a"], ["ccc"]]


async def test_an_error_for_somebody_who_is_just_leaving_is_not_reported_as_lost() -> None:
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context))
    source = Source()
    source.error = NotFound("GONE", "gone")
    gathering = Gathering(source.load, most=10, patience=LONG)
    task = asking(gathering, "a")
    await settle()
    source.release.set()
    await asyncio.sleep(0)  # the answer is set, and its task has yet to wake up
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gc.collect()
    assert not reported
