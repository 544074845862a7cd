"""E-mails as files: each once and in order, also those that were asked for while nobody listened."""

import asyncio
import os
import stat
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import nats

from mesh.events.streams import ensure_streams
from mesh.events.wire import subject_of
from reelmesh.identity.v1.events_pb2 import EmailRequested
from stack.mailbox import LETTERS, Mailbox

_SUBJECT = subject_of(EmailRequested.DESCRIPTOR.full_name)


async def ask_for(nats_url: str, *letters: EmailRequested) -> None:
    client = await nats.connect(nats_url)
    await ensure_streams(client)
    for letter in letters:
        await client.jetstream().publish(_SUBJECT, letter.SerializeToString())
    await client.close()


@asynccontextmanager
async def open_mailbox(directory: Path, nats_url: str) -> AsyncIterator[None]:
    mailbox = Mailbox(directory, lambda: nats_url)
    mailbox.create()
    running = asyncio.create_task(mailbox.run())
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def letters_below(directory: Path) -> list[Path]:
    return sorted(directory.rglob("*.txt"))


async def files(directory: Path, count: int) -> list[Path]:
    limit = time.monotonic() + 20
    while len(found := letters_below(directory)) < count:
        assert time.monotonic() < limit, found
        await asyncio.sleep(0.02)
    return found


async def test_each_letter_is_a_file_of_its_own_once(nats_server: str, tmp_path: Path) -> None:
    directory = tmp_path / "mailbox"
    code = EmailRequested(to="ada@example.org", kind=EmailRequested.KIND_VERIFICATION, code="123456")
    await ask_for(nats_server, code)
    async with open_mailbox(directory, nats_server):
        (first,) = await files(directory, 1)
        assert "Your code is 123456." in first.read_text()
        assert stat.S_IMODE(first.stat().st_mode) == 0o600
    strange = EmailRequested(to="../../etc/x@example.org", kind=EmailRequested.KIND_ALREADY_REGISTERED)
    await ask_for(nats_server, strange)
    async with open_mailbox(directory, nats_server):
        found = await files(directory, 2)
        assert found[0] == first
        assert found[1].name.endswith("-.._.._etc_x@example.org.txt")
        await asyncio.sleep(0.2)
    assert len(letters_below(tmp_path)) == 2


async def test_as_a_process_of_its_own_it_touches_its_directory_while_it_lives(nats_server: str, tmp_path: Path) -> None:
    directory = tmp_path / "mailbox"
    directory.mkdir()
    os.utime(directory, (0, 0))
    environment = os.environ | {"REELMESH_NATS_URL": nats_server}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "stack.mailbox", str(directory), env=environment)
    try:
        await ask_for(nats_server, EmailRequested(to="eve@example.org", kind=EmailRequested.KIND_VERIFICATION, code="123456"))
        limit = time.monotonic() + 20
        while directory.stat().st_mtime == 0 or not list(directory.glob("*-eve@example.org.txt")):
            assert time.monotonic() < limit
            await asyncio.sleep(0.05)
    finally:
        process.terminate()
        await process.wait()


def test_every_kind_of_letter_can_be_written() -> None:
    assert set(LETTERS) == set(EmailRequested.Kind.values()) - {EmailRequested.KIND_UNSPECIFIED}
