"""Blocking queries against a Consul that is played by a list of answers."""

from contextlib import aclosing

import pytest
from consul import ConsulException

from mesh.registry.consul import queries
from mesh.registry.consul.queries import answers


class Script:
    """Answers in order; `asked` are the indexes that were asked with."""

    def __init__(self, *steps: tuple[int, str] | ConsulException) -> None:
        self._steps = list(steps)
        self.asked: list[int | None] = []

    async def __call__(self, index: int | None) -> tuple[int, str]:
        self.asked.append(index)
        step = self._steps.pop(0)
        if isinstance(step, ConsulException):
            raise step
        return step


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_BREATH", 0)
    monkeypatch.setattr(queries, "_PAUSE", 0)


async def heard(script: Script, count: int) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    async with aclosing(answers(script, "a test")) as stream:
        async for answer in stream:
            found.append((answer.data, answer.regained))
            if len(found) == count:
                break
    return found


async def test_each_question_has_the_index_of_the_answer_before() -> None:
    script = Script((7, "a"), (9, "b"), (9, "b"))
    assert await heard(script, 3) == [("a", True), ("b", False), ("b", False)]
    assert script.asked == [None, 7, 9]


async def test_after_a_failure_everything_is_asked_anew_and_the_answer_is_in_doubt() -> None:
    script = Script((7, "a"), ConsulException("500"), ConsulException("500"), (8, "b"), (9, "c"))
    assert await heard(script, 3) == [("a", True), ("b", True), ("c", False)]
    assert script.asked == [None, 7, None, None, 8]


async def test_an_index_that_goes_backwards_is_another_past() -> None:
    script = Script((70, "a"), (3, "b"), (4, "c"), (5, "d"))
    assert await heard(script, 4) == [("a", True), ("b", True), ("c", False), ("d", False)]
    assert script.asked == [None, 70, None, 4]


async def test_an_index_of_zero_would_not_block_and_is_never_asked_with() -> None:
    script = Script((0, "a"), (1, "b"))
    await heard(script, 2)
    assert script.asked == [None, 1]


def test_pauses_grow_to_a_limit_and_are_not_the_same_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_PAUSE", 0.2)
    first, last = ([queries._pause(failures) for _ in range(50)] for failures in (0, 1_000_000))
    assert 0.1 <= min(first) < max(first) <= 0.2
    assert 2.5 <= min(last) < max(last) <= 5.0
