"""Ends holds whose time has run out, so that maps and events say so; nobody waits for it, since an ended hold is in nobody's way."""

import asyncio
from collections.abc import Callable

import psycopg
import structlog

from booking_service.application.hold_commands import sweep_expired
from booking_service.infrastructure.postgres.unit_of_work import BookingUnitOfWork
from mesh.events.leading import OUTAGES, going_on, pause
from mesh.postgres.faults import TRANSACTION_CONFLICTS

_log = structlog.get_logger(__name__)
_EVERY_SECONDS = 0.5


class Sweeper:
    """Any number may run: each takes holds that no other has."""

    def __init__(self, unit_of_work: Callable[[], BookingUnitOfWork]) -> None:
        self._unit_of_work = unit_of_work

    async def run(self, stop: asyncio.Event) -> None:
        while going_on(stop):
            try:
                while await self.sweep() and going_on(stop):
                    continue
            except (*OUTAGES, *TRANSACTION_CONFLICTS) as error:
                _log.warning("sweeping_interrupted", error=type(error).__name__)
            except psycopg.Error:
                _log.exception("sweeping_failed")
            await pause(stop, _EVERY_SECONDS)

    async def sweep(self) -> bool:
        """One hold; False when there is none."""
        async with self._unit_of_work() as uow:
            swept = await sweep_expired(uow)
            await uow.commit()
        return swept
