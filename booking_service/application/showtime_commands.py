"""Showtimes, put on the programme, changed and taken off."""

from datetime import datetime
from typing import Any

from booking_service.application.ports import UnitOfWork
from booking_service.domain.bookings import Change
from booking_service.domain.events import ShowtimeDeleted, ShowtimeScheduled, ShowtimeUpdated
from booking_service.domain.showtimes import Showtime
from booking_service.domain.venues import require_etag


async def create_showtime(uow: UnitOfWork, showtime: Showtime, change: Change) -> Showtime:
    await uow.showtimes.add(showtime, change)
    uow.add_event(ShowtimeScheduled(showtime))
    return showtime


async def update_showtime(uow: UnitOfWork, showtime: str, changes: dict[str, Any], etag: str, now: datetime, change: Change) -> Showtime:
    before, layout = await uow.showtimes.lock(showtime)
    require_etag(etag, before.etag)
    if not changes:
        return before
    after = before.changed(changes, layout, await uow.showtimes.is_in_use(showtime), now)
    await uow.showtimes.save(after, change)
    uow.add_event(ShowtimeUpdated(after))
    return after


async def delete_showtime(uow: UnitOfWork, showtime: str, etag: str, change: Change) -> None:
    found, _ = await uow.showtimes.lock(showtime)
    require_etag(etag, found.etag)
    await uow.showtimes.remove(found, change)
    uow.add_event(ShowtimeDeleted(found))
