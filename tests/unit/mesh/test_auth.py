"""Access tokens and access rules."""

import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mesh.auth import Authenticator, KeySet, require_access
from mesh.call import ANONYMOUS, Principal
from mesh.errors import PermissionDenied, Unauthenticated
from mesh.policy import Access
from tests.services import signed, write_jwks

USER = Principal("users/alice", frozenset({"USER"}))
ADMIN = Principal("users/root", frozenset({"ADMIN"}))
SERVICE = Principal("services/movie", frozenset({"SERVICE"}))


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


def _unsigned() -> str:
    no_key: Any = None
    claims = {"sub": "users/a", "iss": "reelmesh", "aud": "reelmesh", "iat": 1, "exp": 1 << 40}
    return jwt.encode(claims, no_key, algorithm="none", headers={"kid": "test", "typ": "at+jwt"})


# R23: each of these looks like a token, and none may pass.
BAD: dict[str, Any] = {
    "none algorithm": _unsigned,
    "wrong key": lambda: signed({}, key=Ed25519PrivateKey.generate()),
    "unknown key id": lambda: signed({}, kid="other"),
    "symmetric": lambda: signed({}, key="k" * 32, algorithm="HS256"),
    "expired": lambda: signed({"exp": 1_000}),
    "wrong audience": lambda: signed({"aud": "others"}),
    "wrong issuer": lambda: signed({"iss": "others"}),
    "refresh as access": lambda: signed({}, typ="rt+jwt"),
    "no expiry": lambda: signed({"exp": None}),
    "no subject": lambda: signed({"sub": None}),
    "empty subject": lambda: signed({"sub": ""}),
    "expiry of another type": lambda: signed({"exp": "never"}),
    "roles of another type": lambda: signed({"roles": "ADMIN"}),
    "garbage": lambda: "a.b.c",
    "empty": lambda: "",
    "endless": lambda: "a" * 5_000,
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_token_is_unauthenticated(authenticator: Authenticator, kind: str) -> None:
    with pytest.raises(Unauthenticated):
        authenticator.principal(f"Bearer {BAD[kind]()}")


def test_another_scheme_is_unauthenticated(authenticator: Authenticator) -> None:
    with pytest.raises(Unauthenticated):
        authenticator.principal("Basic YWxpY2U6c2VjcmV0")


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
    monkeypatch.setattr("mesh.auth.time.monotonic", lambda: clock[0])
    with pytest.raises(Unauthenticated):
        authenticator.principal(f"Bearer {signed({})}")
    write_jwks(path)
    clock[0] += 2
    assert authenticator.principal(f"Bearer {signed({})}").subject == "users/alice"


def test_without_keys_every_token_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        Authenticator(KeySet(None), "reelmesh", "reelmesh").principal(f"Bearer {signed({})}")


ALLOWED = {
    Access.PUBLIC: {ANONYMOUS, USER, ADMIN, SERVICE},
    Access.USER: {USER, ADMIN, SERVICE},
    Access.OWNER: {USER, ADMIN, SERVICE},
    Access.ADMIN: {ADMIN},
    Access.SERVICE: {ADMIN, SERVICE},
}


@pytest.mark.parametrize("access", Access)
@pytest.mark.parametrize("principal", [ANONYMOUS, USER, ADMIN, SERVICE], ids=["anonymous", "user", "admin", "service"])
def test_the_rule_of_a_method_decides(access: Access, principal: Principal) -> None:
    if principal in ALLOWED[access]:
        require_access(access, principal)
    else:
        with pytest.raises(Unauthenticated if principal.is_anonymous else PermissionDenied):
            require_access(access, principal)
