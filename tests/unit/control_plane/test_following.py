"""Keys that a control plane passes on: what can be read and used, when it has changed."""

import asyncio
import json
from contextlib import suppress

import pytest

from mesh.control_plane import following
from tests.services import jwk, signing_key

ONE = json.dumps({"keys": [jwk(signing_key(), "one")]})
TWO = json.dumps({"keys": [jwk(signing_key(), "one"), jwk(signing_key(), "two")]})
UNUSABLE = ("<html>", "{}", '{"keys": []}', '{"keys": [{"kty": "RSA", "kid": "a"}]}')


async def trusted(*answers: str | OSError, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is passed on of `answers`, one for each look."""
    monkeypatch.setattr(following, "_LOOK_FOR_KEYS", 0.0)
    remaining, found = list(answers), list[str]()
    done = asyncio.Event()
    loop = asyncio.get_running_loop()

    def read() -> str:
        if not remaining:
            loop.call_soon_threadsafe(done.set)
            return answers[-1] if isinstance(answers[-1], str) else ONE
        answer = remaining.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    task = asyncio.create_task(following.follow_keys(read, found.append))
    await done.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return found


async def test_a_changed_set_is_passed_on_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await trusted(ONE, ONE, TWO, TWO, ONE, monkeypatch=monkeypatch) == [ONE, TWO, ONE]


@pytest.mark.parametrize("unusable", UNUSABLE)
async def test_what_has_no_usable_key_changes_nothing(unusable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await trusted(unusable, ONE, unusable, ONE, monkeypatch=monkeypatch) == [ONE]


async def test_an_outage_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await trusted(OSError("away"), ONE, OSError("away"), TWO, monkeypatch=monkeypatch) == [ONE, TWO]
