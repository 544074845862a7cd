"""Access tokens and access rules."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from mesh.auth import Authenticator, KeyUnknown, require_access
from mesh.call import ANONYMOUS, Principal
from mesh.errors import PermissionDenied, Unauthenticated
from mesh.keys import KeySet, RemoteKeySet
from mesh.policy import Access
from mesh.revocation import RevokedSessions
from tests.bad_tokens import bad_tokens
from tests.services import signed, signing_key, write_jwks


@pytest.fixture
def authenticator(tmp_path: Path) -> Authenticator:
    return Authenticator(KeySet(write_jwks(tmp_path / "jwks.json")), "reelmesh", "reelmesh")


def test_a_signed_token_names_its_bearer(authenticator: Authenticator) -> None:
    token = signed({"sub": "users/bob", "roles": ["USER", "MODERATOR"]})
    assert authenticator.principal(f"Bearer {token}") == Principal("users/bob", frozenset({"USER", "MODERATOR"}))
    assert authenticator.principal(f"bearer {token}").subject == "users/bob"


def test_no_token_is_nobody(authenticator: Authenticator) -> None:
    assert authenticator.principal(None) is ANONYMOUS
    assert authenticator.principal("") is ANONYMOUS


BAD = bad_tokens(signed, signing_key().public_key().public_bytes_raw())


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_token_is_unauthenticated(authenticator: Authenticator, kind: str) -> None:
    with pytest.raises(Unauthenticated):
        authenticator.principal(f"Bearer {BAD[kind]}")


@pytest.mark.parametrize("header", ["Basic YWxpY2U6c2VjcmV0", "Bearer ", "Bearer"])
def test_another_scheme_or_no_token_is_unauthenticated(authenticator: Authenticator, header: str) -> None:
    with pytest.raises(Unauthenticated):
        authenticator.principal(header)


def test_a_remembered_token_ends_when_it_expires(tmp_path: Path) -> None:
    now = [1_000.0]
    authenticator = Authenticator(KeySet(write_jwks(tmp_path / "jwks.json")), "reelmesh", "reelmesh", clock=lambda: now[0])
    header = f"Bearer {signed({'iat': 900, 'exp': 1_100})}"
    assert authenticator.principal(header).subject == "users/alice"
    now[0] = 1_101
    with pytest.raises(Unauthenticated):
        authenticator.principal(header)


def test_a_new_key_is_found_without_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": []}))
    authenticator = Authenticator(KeySet(path), "reelmesh", "reelmesh")
    clock = [100.0]
    monkeypatch.setattr("mesh.keys.time.monotonic", lambda: clock[0])
    with pytest.raises(Unauthenticated):
        authenticator.principal(f"Bearer {signed({})}")
    write_jwks(path)
    clock[0] += 2
    assert authenticator.principal(f"Bearer {signed({})}").subject == "users/alice"


def test_without_keys_every_token_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        Authenticator(KeySet(None), "reelmesh", "reelmesh").principal(f"Bearer {signed({})}")


class Served:
    """A key set behind a URL, and how often it was asked for."""

    def __init__(self, path: Path) -> None:
        self.path, self.asked = path, 0

    def __call__(self, url: str) -> str:
        self.asked += 1
        return self.path.read_text()


async def test_keys_are_fetched_once_for_all_who_wait_and_once_a_second_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served = Served(write_jwks(tmp_path / "jwks.json"))
    keys = RemoteKeySet("http://identity/keys", served)
    authenticator = Authenticator(keys, "reelmesh", "reelmesh")
    header = f"Bearer {signed({})}"
    with pytest.raises(KeyUnknown):
        authenticator.principal(header)
    await asyncio.gather(*(authenticator.learn() for _ in range(20)))
    assert (authenticator.principal(header).subject, served.asked) == ("users/alice", 1)
    with pytest.raises(Unauthenticated):  # not KeyUnknown: it has just asked
        authenticator.principal(f"Bearer {signed({}, kid='other')}")
    clock = time.monotonic() + 2
    monkeypatch.setattr("mesh.keys.time.monotonic", lambda: clock)
    with pytest.raises(KeyUnknown):
        authenticator.principal(f"Bearer {signed({}, kid='other')}")


async def test_keys_that_cannot_be_fetched_leave_those_that_are_known(tmp_path: Path) -> None:
    served = Served(write_jwks(tmp_path / "jwks.json"))
    keys = RemoteKeySet("http://identity/keys", served)
    await keys.learn()
    for broken in ("<html>", "[]", '{"keys": [{"kty": "OKP", "kid": "a"}]}'):
        served.path.write_text(broken)
        await keys.learn()
        assert keys.find("test") is not None
    served.path.unlink()
    await keys.learn()
    assert keys.find("test") is not None


def test_a_withdrawn_key_ends_the_tokens_that_it_has_signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_jwks(tmp_path / "jwks.json")
    authenticator = Authenticator(KeySet(path), "reelmesh", "reelmesh")
    header = f"Bearer {signed({})}"
    assert authenticator.principal(header).subject == "users/alice"
    path.write_text(json.dumps({"keys": []}))
    clock = time.monotonic() + 2
    monkeypatch.setattr("mesh.keys.time.monotonic", lambda: clock)
    with pytest.raises(Unauthenticated):
        authenticator.principal(f"Bearer {signed({}, kid='other')}")  # makes it look
    with pytest.raises(Unauthenticated):
        authenticator.principal(header)


def test_the_end_of_a_session_ends_its_remembered_tokens_and_no_others(tmp_path: Path) -> None:
    sessions = RevokedSessions(900)
    authenticator = Authenticator(KeySet(write_jwks(tmp_path / "jwks.json")), "reelmesh", "reelmesh", revoked=sessions.held)
    ended, other, without = (f"Bearer {signed(claims)}" for claims in ({"sid": "s1"}, {"sid": "s2"}, {}))
    assert authenticator.principal(ended) == Principal("users/alice", frozenset({"USER"}), "s1")
    sessions.revoke("s1", time.time())
    for _ in range(2):
        with pytest.raises(Unauthenticated) as refused:
            authenticator.principal(ended)
        assert refused.value.reason == "SESSION_REVOKED"
    assert authenticator.principal(other).session == "s2"
    assert authenticator.principal(without).session == ""


def test_a_session_is_forgotten_when_no_token_of_it_can_hold_and_the_oldest_when_there_are_too_many() -> None:
    now = [1_000.0]
    sessions = RevokedSessions(900, clock=lambda: now[0], most=3)
    sessions.revoke("a", 1_000)
    now[0] += 950
    sessions.revoke("b", 1_950)
    assert set(sessions.held) == {"a", "b"}
    now[0] += 20
    sessions.revoke("c", 1_970)
    assert set(sessions.held) == {"b", "c"}
    sessions.revoke("d", 1_970)
    sessions.revoke("e", 1_970)
    assert set(sessions.held) == {"c", "d", "e"}


ROLED = {role: Principal("users/x", frozenset({role})) for role in ("USER", "MODERATOR", "BOX_OFFICE", "ADMIN", "SERVICE")}
EVERYBODY = set(ROLED)
ALLOWED = {
    Access.PUBLIC: {"", *EVERYBODY},
    Access.USER: EVERYBODY,
    Access.OWNER: EVERYBODY,
    Access.ADMIN: {"ADMIN"},
    Access.SERVICE: {"ADMIN", "SERVICE"},
    Access.MODERATOR: {"ADMIN", "MODERATOR"},
    Access.BOX_OFFICE: {"ADMIN", "BOX_OFFICE"},
}


@pytest.mark.parametrize("access", Access)
@pytest.mark.parametrize("role", ["", *ROLED])
def test_the_rule_of_a_method_decides(access: Access, role: str) -> None:
    principal = ROLED.get(role, ANONYMOUS)
    if role in ALLOWED[access]:
        require_access(access, principal)
    else:
        with pytest.raises(Unauthenticated if principal.is_anonymous else PermissionDenied):
            require_access(access, principal)


@pytest.mark.parametrize("access", Access)
def test_a_service_that_calls_for_nobody_may_what_services_and_what_everybody_may(access: Access) -> None:
    if access in (Access.PUBLIC, Access.SERVICE):
        require_access(access, ANONYMOUS, "movie")
        require_access(access, ROLED["USER"], "movie")
    else:
        with pytest.raises(Unauthenticated):
            require_access(access, ANONYMOUS, "movie")
