"""The booking service with a database of each test's own, and the movie context replaced by a fake."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest

from booking_service.__main__ import MIGRATIONS
from booking_service.bootstrap import build_with
from booking_service.domain.bookings import HoldRules
from booking_service.infrastructure.settings import PaymentSettings
from tests.component.booking.calling import Booking
from tests.component.known_movies import KnownMovies, serving_movies
from tests.services import serving

_NOWHERE = PaymentSettings()
Start = Callable[..., AbstractAsyncContextManager[Any]]


@pytest.fixture
def movies() -> KnownMovies:
    return KnownMovies()


@pytest.fixture
def start(empty_database_url: str, tmp_path: Path, movies: KnownMovies) -> Start:
    """A Booking; holds last `lifetime` seconds, and a user has at most `live_holds` of a showtime. A stub's methods have no types that are
    known before it is made."""

    @asynccontextmanager
    async def started(
        lifetime: float = 600, live_holds: int = 2, paying: PaymentSettings = _NOWHERE, **settings: Any
    ) -> AsyncIterator[Any]:
        rules = HoldRules(timedelta(seconds=lifetime), live_holds)

        async with (
            serving_movies(movies) as address,
            serving(
                "booking",
                lambda foundation: build_with(foundation, rules, paying),
                MIGRATIONS,
                empty_database_url,
                tmp_path,
                dial=lambda context: address,
                **settings,
            ) as service,
            grpc.aio.insecure_channel(service.address) as channel,
        ):
            yield Booking(channel, service)

    return started


@pytest.fixture
async def booking(start: Start) -> AsyncIterator[Any]:
    async with start() as started:
        yield started
