"""Deleting an account: what identity holds goes at once, every other context erases and tells, also one that was away."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mesh.postgres.statements import text_statement
from mesh.server import RunningService
from rating_service.__main__ import MIGRATIONS as RATING_MIGRATIONS
from rating_service.bootstrap import build as build_rating
from reelmesh.identity.v1.account_pb2 import Account, Erasure
from reelmesh.identity.v1.account_service_pb2 import (
    DeleteAccountRequest,
    ExportAccountRequest,
    ExportAccountResponse,
    GetAccountRequest,
    GetErasureRequest,
)
from reelmesh.identity.v1.events_pb2 import EmailRequested, SessionRevoked
from reelmesh.rating.v1.rating_service_pb2_grpc import RatingServiceStub
from stack.servers.postgres import PostgresServer
from tests.component.identity.asking import PASSWORD, WRONG_PASSWORD, Asking, bearer
from tests.component.identity.conftest import Start, publish_key
from tests.component.identity.test_codes import everything_stored
from tests.component.known_movies import KnownMovies, serving_movies
from tests.component.rating.asking import rate
from tests.services import admin, failure, serving, stub_of

MAIL = "alice@example.org"
_SECRET = "s" * 32
_RATINGS = text_statement("SELECT user_id FROM ratings")


async def delete(identity: Asking, user: str, **more: Any) -> Erasure:
    request = DeleteAccountRequest(name=user, password=PASSWORD, **more)
    erasure: Erasure = (await identity.accounts.DeleteAccount(request, metadata=bearer(await identity.log_in(MAIL)))).erasure
    return erasure


async def test_nothing_of_a_deleted_account_is_left_here(identity: Asking) -> None:
    account = await identity.account(MAIL, display_name="Alice of Wonderland")
    session = (await identity.log_in(MAIL)).session
    erasure = await delete(identity, account.name)
    assert (erasure.state, list(erasure.parts)) == (Erasure.STATE_DONE, [])
    assert {event.session for event in await identity.published(SessionRevoked)} >= {session.name}
    assert (await identity.letters(MAIL))[-1].kind == EmailRequested.KIND_ACCOUNT_DELETED
    stored = await everything_stored(identity)
    assert not [held for held in (MAIL, "Wonderland", account.name.removeprefix("users/")) if held in stored]
    assert (
        await failure(identity.accounts.GetAccount(GetAccountRequest(name=account.name), metadata=admin()))
    ).reason == "ACCOUNT_NOT_FOUND"


async def test_the_address_is_free_for_somebody_new(identity: Asking) -> None:
    before = await identity.account(MAIL)
    await delete(identity, before.name)
    after = await identity.account(MAIL)
    assert after.name != before.name


async def test_an_owner_gives_the_password_an_administrator_does_not(identity: Asking) -> None:
    account = await identity.account(MAIL)
    login = await identity.log_in(MAIL)
    wrong = DeleteAccountRequest(name=account.name, password=WRONG_PASSWORD)
    assert (await failure(identity.accounts.DeleteAccount(wrong, metadata=bearer(login)))).reason == "PASSWORD_WRONG"
    stale = DeleteAccountRequest(name=account.name, etag="stale")
    assert (await failure(identity.accounts.DeleteAccount(stale, metadata=admin()))).reason == "ETAG_MISMATCH"
    assert (await identity.accounts.DeleteAccount(DeleteAccountRequest(name=account.name), metadata=admin())).erasure.name


class Neighbours:
    """Identity with the rating context beside it, on one event stream; `rating` starts it, again and again on the same data."""

    def __init__(self, start: Start, nats_url: str, rating_url: str, directory: Path) -> None:
        self._start, self._nats_url, self._rating_url, self._directory = start, nats_url, rating_url, directory
        self.rating_address = "127.0.0.1:9"

    @asynccontextmanager
    async def identity(self) -> AsyncIterator[Asking]:
        settings = {"data_holders": ("rating",)}
        more = {"nats_url": self._nats_url, "dial": lambda context: self.rating_address, "service_secrets": _SECRET}
        async with self._start(settings, **more) as asking:
            yield asking

    @asynccontextmanager
    async def rating(self) -> AsyncIterator[RunningService]:
        async with (
            serving_movies(KnownMovies()) as movies,
            serving(
                "rating",
                build_rating,
                RATING_MIGRATIONS,
                self._rating_url,
                self._directory,
                nats_url=self._nats_url,
                dial=lambda _: movies,
                service_secrets=_SECRET,
            ) as running,
        ):
            publish_key(self._directory)
            self.rating_address = running.address
            yield running


@pytest.fixture
def neighbours(start: Start, nats_server: str, postgres: PostgresServer, tmp_path: Path) -> Neighbours:
    return Neighbours(start, nats_server, postgres.create_database(f"rating_{tmp_path.name[-20:].lower().replace('-', '_')}"), tmp_path)


async def until(ask: Callable[[], Awaitable[Any]], accept: Callable[[Any], object], seconds: float = 20.0) -> Any:
    limit = time.monotonic() + seconds
    while not accept(answer := await ask()):
        assert time.monotonic() < limit, answer
        await asyncio.sleep(0.05)
    return answer


async def export(identity: Asking, account: Account) -> list[ExportAccountResponse]:
    login = await identity.log_in(MAIL)
    return [part async for part in identity.accounts.ExportAccount(ExportAccountRequest(name=account.name), metadata=bearer(login))]


async def test_an_export_is_of_every_context_and_says_where_it_is_not_whole(neighbours: Neighbours) -> None:
    async with neighbours.rating() as rating, stub_of(rating.address, RatingServiceStub) as ratings, neighbours.identity() as identity:
        account = await identity.account(MAIL)
        await rate(ratings, "tt1", account.name.removeprefix("users/"), 4.5)
        parts = await export(identity, account)
        found = {(part.context, part.kind): [json.loads(each) for each in part.documents] for part in parts if part.documents}
        assert found["identity", "account"][0]["email"] == MAIL
        assert found["rating", "ratings"][0]["score"] == 4.5
        ends = [(part.context, part.end) for part in parts if part.end]
        assert ends == [("identity", ExportAccountResponse.END_COMPLETE), ("rating", ExportAccountResponse.END_COMPLETE)]
        await rating.drain()
        assert (await export(identity, account))[-1].end == ExportAccountResponse.END_UNAVAILABLE


async def test_a_context_that_was_away_erases_and_tells_when_it_is_back(neighbours: Neighbours) -> None:
    async with neighbours.rating() as rating, stub_of(rating.address, RatingServiceStub) as ratings, neighbours.identity() as identity:
        account = await identity.account(MAIL)
        await rate(ratings, "tt1", account.name.removeprefix("users/"), 4.5)
    async with neighbours.identity() as identity:
        name = (await delete(identity, account.name)).name

        async def progress() -> Erasure:
            erasure: Erasure = (await identity.accounts.GetErasure(GetErasureRequest(name=name))).erasure
            return erasure

        waiting = await progress()
        assert (waiting.state, [part.context for part in waiting.parts]) == (Erasure.STATE_RUNNING, ["rating"])
        async with neighbours.rating() as rating:
            done = await until(progress, lambda erasure: erasure.state == Erasure.STATE_DONE)
            assert done.parts[0].HasField("done_time")
            rows = await rating.foundation.database.fetch_all(_RATINGS)
    assert rows == []
