"""A lock that does not agree with what is asked for."""

from collections.abc import Sequence

import pytest
from packaging.requirements import Requirement

from checks.pins import asked_for, pinned, problems

BROUGHT: dict[str, Sequence[str]] = {
    "web": ["sockets>=2", 'colours>=1; extra == "pretty"', 'old>=1; python_version < "3"'],
    "sockets": ["web"],  # a circle ends
}
LOCK = "# versions\nWeb==1.5\nsockets==2.0\ncolours==1.0\n"


def found(lock: str, *asked: str) -> list[str]:
    return problems(map(Requirement, asked), pinned(lock), BROUGHT.get)


def test_a_lock_that_agrees_has_no_problems() -> None:
    assert found(LOCK, "web[pretty]>=1") == []


def test_what_is_asked_for_has_to_be_pinned() -> None:
    assert found(LOCK, "web[pretty]>=1", "missing>=1") == ["missing is not pinned, pyproject.toml needs it"]


def test_a_pin_has_to_keep_the_lower_bound() -> None:
    assert found(LOCK, "web[pretty]>=1.6") == ["web is pinned to 1.5, pyproject.toml needs >=1.6"]


def test_so_has_what_comes_with_it() -> None:
    assert found(LOCK.replace("sockets==2.0", "sockets==1.9"), "web[pretty]>=1") == ["sockets is pinned to 1.9, web needs >=2"]
    assert found(LOCK.replace("sockets==2.0\n", ""), "web[pretty]>=1") == ["sockets is not pinned, web needs it"]


def test_a_pin_that_nothing_needs_is_named() -> None:
    assert found(LOCK, "web>=1") == ["colours is pinned, and nothing needs it"]


def test_a_lock_has_pins_only() -> None:
    with pytest.raises(ValueError, match="no pin"):
        pinned("web>=1")


def test_the_project_itself_and_extras_that_are_left_out_are_not_asked_for() -> None:
    project = {
        "project": {
            "name": "ours",
            "dependencies": ["web"],
            "optional-dependencies": {"dev": ["ours[plots]", "sockets"], "bench": ["fast"]},
        },
        "build-system": {"requires": ["builder"]},
    }
    assert [each.name for each in asked_for(project, ["bench"])] == ["web", "builder", "sockets"]
