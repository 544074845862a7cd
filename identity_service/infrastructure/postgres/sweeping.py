"""Removes what has run out: codes, sessions, counters, devices that nobody has used for long."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from mesh.events.leading import OUTAGES, going_on, pause
from mesh.postgres.database import Database
from mesh.postgres.statements import Statement, text_statement

_log = structlog.get_logger(__name__)
_EVERY_SECONDS = 60.0
_AT_ONCE = 1_000
_DEVICE_MEMORY = timedelta(days=400)


def _delete(table: str, column: str) -> Statement:
    return text_statement(f"""
        DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE {column} < %(before)s LIMIT {_AT_ONCE}))
    """)  # noqa: S608  # names of ours


_EXPIRED = (_delete("challenges", "expire_time"), _delete("sessions", "expire_time"), _delete("attempts", "forget_time"))
_OLD_DEVICES = _delete("devices", "login_time")


class Sweeper:
    """Any number may run. An access token outlives its session by no more than its own lifetime, so that nobody has to be told."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock

    async def run(self, stop: asyncio.Event) -> None:
        while going_on(stop):
            try:
                while await self.sweep() >= _AT_ONCE:
                    continue
            except OUTAGES as error:
                _log.warning("sweeping_interrupted", error=type(error).__name__)
            await pause(stop, _EVERY_SECONDS)

    async def sweep(self) -> int:
        """One round; the most rows that one statement has removed."""
        now = self._clock()
        removed = [await self._database.execute(statement, before=now) for statement in _EXPIRED]
        return max(*removed, await self._database.execute(_OLD_DEVICES, before=now - _DEVICE_MEMORY))
