"""The tour of the README: every command is run as it stands there, and answers what stands there (… is anything)."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import httpx
import pytest

from stack.whole import WholeStack
from tests.e2e.conftest import Headers, bearer

README = Path(__file__).parents[2] / "README.md"
_PROMPT = "$ "
# Variables that steps of the tour leave to those after them.
_OURS = "^declare -(-|x) (REGISTRATION|CODE|LOGIN|TOKEN|ME)="


def tour() -> Iterator[tuple[str, str]]:
    """Command and expected output, in order."""
    for block in re.findall(r"```console\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL):
        for step in re.split(rf"^{re.escape(_PROMPT)}", block, flags=re.MULTILINE)[1:]:
            command, _, output = step.partition("\n")
            yield command, output


def as_expected(expected: str, output: str) -> bool:
    """Whether the fragments between the … come in this order; white space does not count."""
    position, squeezed = 0, "".join(output.split())
    for fragment in "".join(expected.split()).split("…"):
        position = squeezed.find(fragment, position)
        if position < 0:
            return False
        position += len(fragment)
    return True


@pytest.fixture
def ada_has_no_account(stack: WholeStack, http: httpx.Client, admin: Headers) -> Iterator[None]:
    """Before and after; what she rated goes with it."""

    def gone() -> None:
        for account in http.get("/v1/accounts", params={"query": "ada@example.org"}, headers=admin).json()["accounts"]:
            assert http.post(f"/v1/{account['name']}:delete", json={}, headers=admin).status_code == 200

    gone()
    yield
    gone()


@pytest.fixture
def newcomer_is_new_again(stack: WholeStack, http: httpx.Client) -> Iterator[None]:
    yield
    newcomer = bearer(stack.token("users/newcomer"))
    for movie in ("tt0114709", "tt0110357", "tt0266543"):
        http.post(f"/v1/movies/{movie}:unrate", json={}, headers=newcomer)


@pytest.mark.usefixtures("ada_has_no_account", "newcomer_is_new_again")
def test_the_tour_of_the_readme_is_true(stack: WholeStack, tmp_path: Path) -> None:
    take_the_tour(stack, tmp_path)


def take_the_tour(stack: WholeStack, directory: Path) -> None:
    """In an empty `directory`."""
    (directory / ".reelmesh").symlink_to(stack.directory.path)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    walk(((command.replace("localhost:8080", stack.edge_address), expected) for command, expected in tour()), directory, path)


def walk(steps: Iterable[tuple[str, str]], directory: Path, path: str) -> None:
    """Each command in a shell of its own that starts in `directory`, with what the steps before left in variables of the tour."""
    environment = os.environ | {"PATH": path, "COLUMNS": "200"}
    variables = directory / "variables"
    variables.touch()
    taken = 0
    for command, expected in steps:
        keep = f"status=$?; declare -p | grep -E '{_OURS}' > {variables}; exit $status"
        ran = subprocess.run(
            ["bash", "-c", f". {variables}\n{command}\n{keep}"],
            cwd=directory,
            env=environment,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert ran.returncode == 0, f"{command}\n{ran.stderr}"
        assert as_expected(expected, ran.stdout), f"{command}\n\nexpected\n{expected}\nanswered\n{ran.stdout}"
        taken += 1
    assert taken > 8


def test_the_comparison_can_fail() -> None:
    assert as_expected('{"a":…"c":3}', '{"a": 1, "b": 2, "c": 3}')
    assert not as_expected('{"a":…"c":4}', '{"a": 1, "b": 2, "c": 3}')
    assert not as_expected("b…a", "a b")
