"""One active instance of a job for each database, started again after whatever goes wrong."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import nats.errors
import psycopg
import structlog

from mesh.errors import Unavailable
from mesh.postgres.database import Database
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Connection

_log = structlog.get_logger(__name__)
# A database is one context's, so the number only has to keep this use of advisory locks from others in the same database.
_LOCKS = 7_235_002
_TAKEOVER_SECONDS = 0.25
_LONGEST_PAUSE = 5.0
_LOCK = text_statement(f"SELECT pg_try_advisory_lock({_LOCKS}, hashtext(%(name)s))")  # a constant of ours
OUTAGES = (Unavailable, psycopg.OperationalError, psycopg.InterfaceError, nats.errors.Error, OSError, asyncio.TimeoutError)


def going_on(stop: asyncio.Event) -> bool:
    """Whether to go on; raises a cancellation again that somebody swallowed (Python 3.11's `wait_for` and nats-py's `publish` do)."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    return not stop.is_set()


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Until `stop`, at most `seconds`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


async def lead(database: Database, name: str, stop: asyncio.Event, work: Callable[[Connection], Awaitable[None]]) -> None:
    """Runs `work` while holding the lock `name` of the database, until `stop`; others that call it wait for their turn.

    The lock lives in the session of the connection that `work` does everything with: a leader that loses it can commit nothing more,
    so there are never two. Waiting polls, because a statement that waits for hours would hold back vacuum.
    """
    failures = 0
    while going_on(stop):
        try:
            async with database.dedicated_connection() as connection:
                while going_on(stop):
                    row = await (await connection.execute(_LOCK.sql, {"name": name})).fetchone()
                    if row == (True,):
                        failures = 0
                        await work(connection)
                        break
                    failures = 0
                    await pause(stop, _TAKEOVER_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311  # to part the waiting, not a secret
        except OUTAGES as error:
            failures += 1
            _log.warning("event_work_interrupted", work=name, error=type(error).__name__, detail=str(error))
        except Exception:
            failures += 1
            _log.exception("event_work_failed", work=name)
        if failures:
            await pause(stop, min(_LONGEST_PAUSE, 0.1 * 2 ** min(failures, 6)) * random.uniform(0.5, 1.0))  # noqa: S311  # as above
