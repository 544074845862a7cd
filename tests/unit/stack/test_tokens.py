"""Tokens of the stack, seen by the same code with which a service checks them."""

import json
import stat
import time
from pathlib import Path

import jwt
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


def test_a_key_is_replaced_without_a_logout(tmp_path: Path) -> None:
    keys = keys_in(tmp_path)
    before = keys.token("users/alice", ["USER"], 60)
    keys.rotate(0)
    after = keys.token("users/alice", ["USER"], 60)
    assert jwt.get_unverified_header(before)["kid"] != jwt.get_unverified_header(after)["kid"]
    for token in (before, after):
        assert authenticator(keys).principal(f"Bearer {token}").subject == "users/alice"


def test_a_new_key_is_known_before_it_signs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = keys_in(tmp_path)
    signing = jwt.get_unverified_header(keys.token("users/alice", ["USER"], 60))["kid"]
    seen = []

    def settle(_: float) -> None:
        published = [key["kid"] for key in json.loads(keys.jwks_file.read_text())["keys"]]
        seen.append((published, jwt.get_unverified_header(keys.token("users/alice", ["USER"], 60))["kid"]))

    monkeypatch.setattr("stack.tokens.time.sleep", settle)
    keys.rotate(5)
    ((published, still),) = seen
    assert still == signing == published[0]
    assert len(published) == 2


def test_a_key_that_was_replaced_long_ago_is_published_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = keys_in(tmp_path)
    keys.rotate(0)
    assert len(json.loads(keys.jwks_file.read_text())["keys"]) == 2
    later = time.time() + 9 * 86_400
    monkeypatch.setattr("stack.tokens.time.time", lambda: later)
    keys.create()
    assert len(json.loads(keys.jwks_file.read_text())["keys"]) == 1


def test_a_copy_for_services_is_kept_up_to_date(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    keys = SigningKeys(tmp_path / "keys", tmp_path / "public.json")
    keys.create()
    keys.rotate(0)
    assert (tmp_path / "public.json").read_text() == keys.jwks_file.read_text()
