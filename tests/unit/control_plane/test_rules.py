"""The file of the rules: what is in it, what is refused, and that a reader never loses what held before."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from mesh.control_plane.following import follow_rules
from mesh.control_plane.rules import NO_RULES, AbortCode, Fault, Rules, RulesFile, RulesUnreadable

PATH = "/reelmesh.movie.v1.MovieService/GetMovie"
SOME = NO_RULES.with_canary("movie", {"v2": 10}).with_fault(PATH, Fault(delay_ms=200, abort=AbortCode.UNAVAILABLE, percent=5))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = RulesFile(tmp_path / "rules.json")
    assert file.read() == NO_RULES
    file.write(SOME)
    assert file.read() == SOME
    assert [path.name for path in tmp_path.iterdir()] == ["rules.json"]
    file.clear()
    file.clear()
    assert file.read() == NO_RULES


def test_a_rule_is_replaced_and_taken_back_without_touching_the_others() -> None:
    more = SOME.with_canary("rating", {"v3": 1})
    assert more.with_canary("movie", {"v2": 50}).canaries == {"movie": {"v2": 50}, "rating": {"v3": 1}}
    assert more.with_canary("movie", {}).canaries == {"rating": {"v3": 1}}
    assert more.with_fault(PATH, None) == Rules(canaries=more.canaries)


@pytest.mark.parametrize(
    "content",
    [
        '{"canaries": {"movie": {"v2": 101}}}',
        '{"canaries": {"movie": {"v2": 60, "v3": 60}}}',
        '{"faults": {"/m": {"percent": 5}}}',
        '{"faults": {"/m": {"abort": 5}}}',
        '{"faults": {"/m": {"delay_ms": 60001}}}',
        '{"else": 1}',
        "not json",
    ],
)
def test_what_makes_no_sense_is_unreadable_in_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "rules.json"
    path.write_text(content)
    with pytest.raises(RulesUnreadable, match=r"^rules\.json: [^\n]+$"):
        RulesFile(path).read()


def test_a_fault_does_something() -> None:
    with pytest.raises(ValidationError):
        Fault(percent=5)


async def test_a_reader_follows_changes_and_keeps_the_last_rules_while_the_file_is_broken(tmp_path: Path) -> None:
    file = RulesFile(tmp_path / "rules.json")
    applied: list[Rules] = []
    following = asyncio.create_task(follow_rules(file, applied.append))
    file.write(SOME)
    await until(lambda: applied == [SOME])
    file.path.write_text("{")
    await asyncio.sleep(0.6)
    assert applied == [SOME]
    file.clear()
    await until(lambda: applied == [SOME, NO_RULES])
    following.cancel()


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(250):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come to pass")
