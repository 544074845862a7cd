"""Refresh tokens: each is good once, a lost answer is answered again, and a stolen one ends its session (R19)."""

import asyncio
from datetime import timedelta
from typing import Any

import grpc
import jwt
import pytest

from identity_service.domain.sessions import Lifetimes
from identity_service.infrastructure.postgres import sessions as stored_sessions
from mesh.auth import Authenticator
from mesh.errors import Unauthenticated
from mesh.keys import KeySet
from mesh.postgres.statements import text_statement
from reelmesh.identity.v1.events_pb2 import EmailRequested, SessionRevoked
from reelmesh.identity.v1.session_pb2 import Session
from reelmesh.identity.v1.session_service_pb2 import (
    ListSessionsRequest,
    LogInResponse,
    LogOutRequest,
    RefreshRequest,
    RefreshResponse,
    RevokeSessionRequest,
)
from tests.component.identity.asking import Asking, bearer
from tests.component.identity.conftest import Start
from tests.services import Answer, failure

MAIL = "alice@example.org"
_HEADS = text_statement("SELECT count(*) FROM refresh_tokens WHERE use_time IS NULL")
_TOKENS = text_statement("SELECT count(*) FROM refresh_tokens")
# Whoever has found the token waits so long with using it that others find it too, however busy the machine is.
_LATE = text_statement("""
    WITH pause AS MATERIALIZED (SELECT pg_sleep(0.2))
    UPDATE refresh_tokens SET use_time = %(now)s, salt = %(salt)s FROM pause WHERE token_hash = %(token_hash)s
""")
_UNGUARDED = text_statement("SELECT 1")


@pytest.fixture
async def login(identity: Asking) -> LogInResponse:
    await identity.account(MAIL)
    return await identity.log_in(MAIL)


async def refresh(identity: Asking, token: str) -> RefreshResponse:
    response: RefreshResponse = await identity.sessions.Refresh(RefreshRequest(refresh_token=token))
    return response


async def refused(identity: Asking, token: str) -> str:
    return (await failure(identity.sessions.Refresh(RefreshRequest(refresh_token=token)))).reason


async def counted(identity: Asking, statement: Any) -> int:
    row = await identity.database.fetch_one(statement)
    assert row is not None
    return int(row[0])


async def test_an_access_token_says_who_in_which_session_and_for_how_long(identity: Asking, login: LogInResponse, tmp_path: Any) -> None:
    principal = Authenticator(KeySet(tmp_path / "jwks.json"), "reelmesh", "reelmesh").principal(f"Bearer {login.tokens.access_token}")
    claims = jwt.decode(login.tokens.access_token, options={"verify_signature": False})
    assert login.session.name == f"{principal.subject}/sessions/{claims['sid']}"
    assert principal.roles == frozenset({"USER"})
    assert claims["exp"] - claims["iat"] == 15 * 60


async def test_a_refresh_token_is_no_access_token(login: LogInResponse, tmp_path: Any) -> None:
    with pytest.raises(Unauthenticated):
        Authenticator(KeySet(tmp_path / "jwks.json"), "reelmesh", "reelmesh").principal(f"Bearer {login.tokens.refresh_token}")


async def test_the_next_token_takes_the_place_of_the_one_before(identity: Asking, login: LogInResponse) -> None:
    second = await refresh(identity, login.tokens.refresh_token)
    third = await refresh(identity, second.tokens.refresh_token)
    assert len({login.tokens.refresh_token, second.tokens.refresh_token, third.tokens.refresh_token}) == 3
    assert login.session.name == second.session.name == third.session.name
    assert await counted(identity, _HEADS) == 1


async def test_a_lost_answer_is_answered_again_for_some_seconds(identity: Asking, login: LogInResponse) -> None:
    first = await refresh(identity, login.tokens.refresh_token)
    identity.clock.pass_by(seconds=9)
    assert (await refresh(identity, login.tokens.refresh_token)).tokens.refresh_token == first.tokens.refresh_token


async def test_a_token_that_comes_back_later_ends_its_session_for_everybody(identity: Asking, login: LogInResponse) -> None:
    following = await refresh(identity, login.tokens.refresh_token)
    identity.clock.pass_by(seconds=11)
    assert await refused(identity, login.tokens.refresh_token) == "REFRESH_TOKEN_REUSED"
    assert await refused(identity, following.tokens.refresh_token) == "REFRESH_TOKEN_WRONG"
    (revoked,) = await identity.published(SessionRevoked)
    assert (revoked.session, revoked.reason) == (login.session.name, SessionRevoked.REASON_TOKEN_REUSED)
    assert (await identity.letters(MAIL))[-1].kind == EmailRequested.KIND_TOKEN_REUSED


async def test_a_token_whose_successor_was_used_is_stolen_also_within_the_seconds(identity: Asking, login: LogInResponse) -> None:
    second = await refresh(identity, login.tokens.refresh_token)
    await refresh(identity, second.tokens.refresh_token)
    assert await refused(identity, login.tokens.refresh_token) == "REFRESH_TOKEN_REUSED"


async def test_reuse_is_noticed_after_a_restart(start: Start) -> None:
    async with start() as identity:
        await identity.account(MAIL)
        old = (await identity.log_in(MAIL)).tokens.refresh_token
        following = (await refresh(identity, old)).tokens.refresh_token
    async with start() as identity:
        identity.clock.pass_by(minutes=1)
        assert await refused(identity, old) == "REFRESH_TOKEN_REUSED"
        assert await refused(identity, following) == "REFRESH_TOKEN_WRONG"


async def at_once(identity: Asking, token: str) -> list[str]:
    """What 100 uses of one token at once are answered with. On a busy machine some of them run out of time, which is no answer."""
    uses = (identity.sessions.Refresh(RefreshRequest(refresh_token=token)) for _ in range(100))
    answers = await asyncio.gather(*uses, return_exceptions=True)
    failures = [Answer(answer) for answer in answers if isinstance(answer, grpc.aio.AioRpcError)]
    assert {failure.code for failure in failures} <= {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
    return [answer.tokens.refresh_token for answer in answers if isinstance(answer, RefreshResponse)]


async def test_a_hundred_uses_at_once_make_one_new_token(identity: Asking, login: LogInResponse) -> None:
    assert len(set(await at_once(identity, login.tokens.refresh_token))) == 1
    assert (await counted(identity, _HEADS), await counted(identity, _TOKENS)) == (1, 2)
    identity.clock.pass_by(minutes=1)
    assert await refused(identity, login.tokens.refresh_token) == "REFRESH_TOKEN_REUSED"


async def test_without_its_lock_a_hundred_uses_at_once_make_more_than_one(
    identity: Asking, login: LogInResponse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control; the unique number, which would make the losers fail instead, is taken away with the lock."""
    monkeypatch.setattr(stored_sessions, "_LOCK", _UNGUARDED)
    monkeypatch.setattr(stored_sessions, "_USE", _LATE)
    await identity.database.execute(text_statement("ALTER TABLE refresh_tokens DROP CONSTRAINT refresh_tokens_are_one_chain"))
    assert len(set(await at_once(identity, login.tokens.refresh_token))) > 1


async def test_a_session_ends_when_nobody_refreshes_it(start: Start) -> None:
    async with start({"lifetimes": Lifetimes(refresh=timedelta(days=2))}) as identity:
        await identity.account(MAIL)
        login = await identity.log_in(MAIL)
        identity.clock.pass_by(days=1)
        kept = await refresh(identity, login.tokens.refresh_token)
        identity.clock.pass_by(days=2, seconds=1)
        assert await refused(identity, kept.tokens.refresh_token) == "REFRESH_TOKEN_WRONG"


async def test_a_login_sent_again_is_one_session_and_its_last_answer_is_good(identity: Asking) -> None:
    await identity.account(MAIL)
    first, again = await identity.log_in(MAIL, request_id="l-1"), await identity.log_in(MAIL, request_id="l-1")
    assert first.session.name == again.session.name
    assert await refused(identity, first.tokens.refresh_token) == "REFRESH_TOKEN_WRONG"
    assert (await refresh(identity, again.tokens.refresh_token)).session.name == first.session.name


async def test_logging_out_ends_the_session_and_says_so(identity: Asking, login: LogInResponse) -> None:
    for _ in range(2):
        await identity.sessions.LogOut(LogOutRequest(refresh_token=login.tokens.refresh_token))
    assert await refused(identity, login.tokens.refresh_token) == "REFRESH_TOKEN_WRONG"
    assert [event.session for event in await identity.published(SessionRevoked)] == [login.session.name]


async def test_an_owner_sees_sessions_page_by_page_and_ends_one(identity: Asking, login: LogInResponse) -> None:
    user = login.session.name.partition("/sessions/")[0]
    for _ in range(2):
        identity.clock.pass_by(seconds=1)
        await identity.log_in(MAIL, address="2001:db8::7")
    found: list[Session] = []
    token = ""
    while True:
        request = ListSessionsRequest(parent=user, page_size=2, page_token=token)
        page = await identity.sessions.ListSessions(request, metadata=bearer(login))
        found, token = [*found, *page.sessions], page.next_page_token
        if not token:
            break
    assert [session.address for session in found] == ["2001:db8::7", "2001:db8::7", "192.0.2.1"]
    assert "grpc-python" in found[0].client
    await identity.sessions.RevokeSession(RevokeSessionRequest(name=found[0].name), metadata=bearer(login))
    left = await identity.sessions.ListSessions(ListSessionsRequest(parent=user), metadata=bearer(login))
    assert [session.name for session in left.sessions] == [session.name for session in found[1:]]
