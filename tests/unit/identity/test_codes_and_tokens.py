"""Codes, handles, and the chain of refresh tokens."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from identity_service.domain.accounts import Role
from identity_service.domain.codes import Challenge, Purpose, code_hash, fits, handle_hash, new_code
from identity_service.domain.sessions import RefreshToken, Session, Use, new_salt, new_secret, next_token, use_of
from identity_service.domain.throttling import network_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GRACE = timedelta(seconds=10)
SESSION = Session(session="s", user="a", client="", address="", create_time=NOW, refresh_time=NOW, expire_time=NOW)
TOKEN = RefreshToken(
    session=SESSION, roles=frozenset({Role.USER}), email="", language_code="", number=3, last_number=3, use_time=None, salt=b""
)


def test_codes_are_six_digits_of_every_kind() -> None:
    codes = [new_code() for _ in range(3_000)]
    assert {len(code) for code in codes} == {6}
    assert all(code.isdigit() for code in codes)
    first = Counter(code[0] for code in codes)
    assert set(first) == set("0123456789")
    assert min(first.values()) > 200  # of 300 expected; less has a probability of 1e-9


def test_a_code_fits_with_its_handle_and_purpose_only() -> None:
    handle, code = new_secret(), new_code()
    made = Challenge(
        handle_hash=handle_hash(handle),
        purpose=Purpose.REGISTRATION,
        email="",
        code_hash=code_hash(handle, Purpose.REGISTRATION, code),
        expire_time=NOW,
    )
    assert fits(made, handle, code)
    assert not fits(made, new_secret(), code)
    assert not fits(replace(made, purpose=Purpose.PASSWORD_RESET), handle, code)
    assert not fits(made, handle, f"{(int(code) + 1) % 1_000_000:06d}")


@pytest.mark.parametrize(
    ("last_number", "used", "expected"),
    [
        (3, None, Use.FIRST),
        (4, timedelta(0), Use.AGAIN),
        (4, GRACE, Use.AGAIN),
        (4, GRACE + timedelta(microseconds=1), Use.STOLEN),
        (5, timedelta(0), Use.STOLEN),
    ],
)
def test_what_using_a_token_comes_to(last_number: int, used: timedelta | None, expected: Use) -> None:
    token = replace(TOKEN, last_number=last_number, use_time=None if used is None else NOW - used)
    assert use_of(token, NOW, GRACE) is expected


def test_the_next_token_follows_from_token_and_salt_and_from_neither_alone() -> None:
    token, salt = new_secret(), new_salt()
    assert next_token(token, salt) == next_token(token, salt)
    assert len({next_token(token, salt), next_token(token, new_salt()), next_token(new_secret(), salt)}) == 3
    assert len(next_token(token, salt)) == 43


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("", ""), ("unknown", "unknown")],
)
def test_a_network_is_what_one_subscriber_has(address: str, network: str) -> None:
    assert network_of(address) == network
