"""E-mails as files: stands in for the notification context on one machine.

`python -m stack.mailbox DIRECTORY` is the same as a process of its own, with the NATS of `REELMESH_NATS_URL`.
"""

import asyncio
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from stack.errors import StackError
from stack.servers.command import write_private

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

_DURABLE = "mailbox"
_BATCH = 50
_WAIT_SECONDS = 5.0
_PAUSE_SECONDS = 0.5
_UNSAFE = re.compile(r"[^A-Za-z0-9@._+-]")

# By EmailRequested.Kind. The languages of the world are the notification context's.
LETTERS = {
    1: ("Your code", "Your code is {code}. It verifies your address and is good for ten minutes."),
    2: (
        "You have an account",
        "Somebody registered with your address, which has an account already. Did you forget the password? Reset it.",
    ),
    3: ("Your code for a new password", "Your code is {code}. It is good for ten minutes. If you did not ask for it, do nothing."),
    4: ("You have no account", "Somebody asked for a new password for your address, which has no account. You are welcome to register."),
    5: ("Your password was changed", "All sessions of your account have ended. If you did not change the password, reset it now."),
    6: ("A session was ended", "Somebody used an old token of one of your sessions. Log in again; if in doubt, change your password."),
    7: ("Your account was deleted", "What is held about you is being erased."),
}


class Mailbox:
    """One file in `directory` for each e-mail that identity asks for, in their order; also for what was asked for while nobody listened.

    The directory is touched each time that NATS was asked, every five seconds at least: its time says whether somebody is at it.
    """

    def __init__(self, directory: Path, nats_url: Callable[[], str]) -> None:
        self._directory, self._nats_url = directory, nats_url

    def create(self) -> None:
        try:
            self._directory.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StackError(f"the mailbox {self._directory} cannot be made: {error.strerror}") from error

    async def run(self) -> None:
        """Until it is cancelled. While NATS is away, or the disk is full, it tries again."""
        import nats
        import nats.errors

        while True:
            try:
                client = await nats.connect(self._nats_url(), name="reelmesh mailbox", allow_reconnect=False, error_cb=_quietly)
                try:
                    await self._receive(client)
                finally:
                    await client.close()
            except (nats.errors.Error, OSError, TimeoutError):
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _receive(self, client: "Client") -> None:
        import nats.errors

        from mesh.events.streams import EVENTS, ensure_streams
        from mesh.events.wire import subject_of
        from reelmesh.identity.v1.events_pb2 import EmailRequested

        await ensure_streams(client)
        subscription = await client.jetstream().pull_subscribe(
            subject_of(EmailRequested.DESCRIPTOR.full_name), durable=_DURABLE, stream=EVENTS
        )
        while client.is_connected:
            try:
                messages = await subscription.fetch(_BATCH, timeout=_WAIT_SECONDS)
            except nats.errors.TimeoutError:
                messages = []
            os.utime(self._directory)
            for message in messages:
                self._put(message)
                await message.ack()

    def _put(self, message: "Msg") -> None:
        """By its number in the stream: an e-mail that is delivered twice is the same file."""
        from reelmesh.identity.v1.events_pb2 import EmailRequested

        requested = EmailRequested.FromString(message.data)
        subject, text = LETTERS[requested.kind]
        name = f"{message.metadata.sequence.stream:08d}-{_UNSAFE.sub('_', requested.to)}.txt"
        write_private(self._directory / name, f"To: {requested.to}\nSubject: {subject}\n\n{text.format(code=requested.code)}\n")


async def _quietly(_: Exception) -> None:
    """nats-py would write each failed attempt to the log of whoever runs it."""


if __name__ == "__main__":
    _mailbox = Mailbox(Path(sys.argv[1]), lambda: os.environ["REELMESH_NATS_URL"])
    _mailbox.create()
    asyncio.run(_mailbox.run())
