"""Tokens of the stack, seen by the same code with which a service checks them."""

import stat
from pathlib import Path

import pytest

from mesh.auth import Authenticator
from mesh.errors import Unauthenticated
from mesh.keys import KeySet
from stack.errors import StackError
from stack.tokens import SigningKeys


def keys_in(directory: Path) -> SigningKeys:
    directory.mkdir(exist_ok=True)
    keys = SigningKeys(directory)
    keys.create()
    return keys


def authenticator(keys: SigningKeys) -> Authenticator:
    return Authenticator(KeySet(keys.jwks_file), issuer="reelmesh", audience="reelmesh")


def test_a_service_accepts_a_token_of_its_stack(tmp_path: Path) -> None:
    keys = keys_in(tmp_path)
    principal = authenticator(keys).principal(f"Bearer {keys.token('users/alice', ['USER', 'ADMIN'], 60)}")
    assert (principal.subject, principal.roles) == ("users/alice", frozenset({"USER", "ADMIN"}))


def test_a_service_refuses_a_token_of_another_stack(tmp_path: Path) -> None:
    ours, theirs = keys_in(tmp_path / "ours"), keys_in(tmp_path / "theirs")
    with pytest.raises(Unauthenticated):
        authenticator(ours).principal(f"Bearer {theirs.token('users/mallory', ['ADMIN'], 60)}")


def test_a_token_expires(tmp_path: Path) -> None:
    keys = keys_in(tmp_path)
    with pytest.raises(Unauthenticated, match="expired"):
        authenticator(keys).principal(f"Bearer {keys.token('users/alice', ['USER'], -1)}")


def test_keys_are_made_once_and_are_private(tmp_path: Path) -> None:
    before = keys_in(tmp_path)
    token = before.token("users/alice", ["USER"], 60)
    assert authenticator(keys_in(tmp_path)).principal(f"Bearer {token}").subject == "users/alice"
    assert stat.S_IMODE((tmp_path / "signing-key.pem").stat().st_mode) == 0o600
    assert "PRIVATE" not in before.jwks_file.read_text()


def test_a_broken_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "signing-key.pem").write_text("garbage")
    with pytest.raises(StackError, match="cannot be read"):
        SigningKeys(tmp_path).token("users/alice", ["USER"], 60)
