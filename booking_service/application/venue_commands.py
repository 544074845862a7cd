"""Venues and halls, made and changed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from booking_service.application.ports import UnitOfWork
from booking_service.domain.venues import Hall, Layout, Venue, require_etag


async def create_venue(uow: UnitOfWork, venue: Venue) -> Venue:
    await uow.venues.add_venue(venue)
    return venue


async def update_venue(uow: UnitOfWork, venue: str, changes: dict[str, Any], etag: str, now: datetime) -> Venue:
    before = await uow.venues.lock_venue(venue)
    require_etag(etag, before.etag)
    if not changes:
        return before
    after = before.changed(changes, now)
    await uow.venues.save_venue(after)
    return after


async def delete_venue(uow: UnitOfWork, venue: str, etag: str) -> None:
    require_etag(etag, (await uow.venues.lock_venue(venue)).etag)
    await uow.venues.remove_venue(venue)


async def create_hall(uow: UnitOfWork, hall: Hall) -> Hall:
    await uow.venues.add_hall(hall)
    return hall


async def update_hall(
    uow: UnitOfWork, venue: str, hall: str, title: str | None, new_layout: Callable[[Layout], Layout], etag: str, now: datetime
) -> Hall:
    """`title` None leaves it; `new_layout` makes the next layout of the one that is there, or gives it back."""
    before = await uow.venues.lock_hall(venue, hall)
    require_etag(etag, before.etag)
    after = before.changed(before.title if title is None else title, new_layout(before.layout), now)
    if (after.title, after.layout) == (before.title, before.layout):
        return before
    await uow.venues.save_hall(after)
    return after


async def delete_hall(uow: UnitOfWork, venue: str, hall: str, etag: str) -> None:
    require_etag(etag, (await uow.venues.lock_hall(venue, hall)).etag)
    await uow.venues.remove_hall(venue, hall)
