"""The proof that a service of the mesh calls."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from mesh.errors import Unauthenticated
from mesh.service_tokens import NO_SERVICE_TOKENS, ServiceTokens, are_long_enough, secrets_in
from tests.services import signed, signing_key

SECRET, OTHER = "s" * 32, "o" * 32
NOW = 1_000_000.0


def tokens(name: str, *secrets: str, now: float = NOW) -> ServiceTokens:
    return ServiceTokens(name, secrets, clock=lambda: now)


def test_the_callee_knows_who_calls() -> None:
    token = tokens("movie", SECRET).issued("rating")
    rating = tokens("rating", SECRET)
    assert [rating.caller(token), rating.caller(token), rating.caller(None), rating.caller("")] == ["movie", "movie", "", ""]


def test_nobody_proves_anything_without_a_secret() -> None:
    assert NO_SERVICE_TOKENS.issued("rating") == ""
    assert NO_SERVICE_TOKENS.caller(tokens("movie", SECRET).issued("")) == ""


def test_a_token_is_made_again_when_half_of_its_life_is_over_and_not_before() -> None:
    now = [NOW]
    movie = ServiceTokens("movie", (SECRET,), clock=lambda: now[0])
    first = movie.issued("rating")
    now[0] += 149
    assert movie.issued("rating") == first
    now[0] += 2
    assert movie.issued("rating") != first


def test_a_secret_is_replaced_without_a_refusal() -> None:
    token = tokens("movie", SECRET).issued("rating")
    assert tokens("rating", OTHER, SECRET).caller(token) == "movie"
    assert tokens("rating", SECRET, OTHER).caller(tokens("movie", OTHER, SECRET).issued("rating")) == "movie"


def _made(claims: dict[str, Any] | None = None, secret: Any = SECRET, algorithm: str = "HS256", typ: str = "service+jwt") -> str:
    usual = {"iss": "movie", "aud": "rating", "iat": int(NOW), "exp": int(NOW) + 300}
    return jwt.encode(usual | (claims or {}), secret, algorithm=algorithm, headers={"typ": typ})


BAD: dict[str, Callable[[], str]] = {
    "another secret": lambda: _made(secret=OTHER),
    "for another callee": lambda: tokens("movie", SECRET).issued("metadata"),
    "expired": lambda: _made({"exp": int(NOW) - 61}),
    "no algorithm": lambda: _made(secret=None, algorithm="none"),
    "a user's token": lambda: signed({"aud": "rating"}),
    "another type of the same secret": lambda: _made(typ="at+jwt"),
    "the public key as secret": lambda: _made(
        secret=signing_key().public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    ),
    "garbage": lambda: "a.b.c",
}


@pytest.mark.parametrize("kind", BAD)
def test_a_proof_that_does_not_hold_is_refused(kind: str) -> None:
    assert tokens("rating", SECRET).caller(_made()) == "movie"  # the same without what is wrong
    with pytest.raises(Unauthenticated):
        tokens("rating", SECRET).caller(BAD[kind]())


def test_a_remembered_proof_ends_when_it_expires() -> None:
    now = [NOW]
    rating = ServiceTokens("rating", (SECRET,), clock=lambda: now[0])
    assert rating.caller(_made()) == "movie"
    now[0] += 361
    with pytest.raises(Unauthenticated):
        rating.caller(_made())


def test_secrets_are_parted_by_commas_and_none_may_be_short() -> None:
    assert secrets_in(f" {SECRET}, {OTHER},") == (SECRET, OTHER)
    assert are_long_enough(f"{SECRET},{OTHER}")
    assert are_long_enough("")
    assert not are_long_enough(f"{SECRET},short")
