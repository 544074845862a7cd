"""R23: what looks like an access token and is none. Each of them differs from one that holds in the way that its name says."""

from collections.abc import Callable, Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

# As `tests.services.signed`, with whichever key the platform under test trusts.
Sign = Callable[..., str]


def bad_tokens(sign: Sign, public_key: bytes) -> Mapping[str, str]:
    """By what is wrong with them; `public_key` is the 32 bytes that everybody may know."""
    good = sign({})
    header = jwt.get_unverified_header(good)
    return {
        "none algorithm": _again(good, None, "none"),
        "the public key as a secret": _again(good, public_key, "HS256"),
        "a made-up secret": _again(good, "k" * 32, "HS256"),
        "wrong key": sign({}, key=Ed25519PrivateKey.generate()),
        "unknown key id": sign({}, kid="other"),
        "changed": good[:-4] + ("AAAA" if not good.endswith("AAAA") else "BBBB"),
        "expired": sign({"exp": 1_000}),
        "wrong audience": sign({"aud": "others"}),
        "wrong issuer": sign({"iss": "others"}),
        "refresh as access": sign({}, typ="rt+jwt"),
        "opaque refresh token": "rt_" + header["kid"] * 3,
        "no expiry": sign({"exp": None}),
        "no subject": sign({"sub": None}),
        "empty subject": sign({"sub": ""}),
        "expiry of another type": sign({"exp": "never"}),
        "roles of another type": sign({"roles": "ADMIN"}),
        "session of another type": sign({"sid": 7}),
        "garbage": "a.b.c",
        "endless": "a" * 5_000,
    }


def _again(token: str, key: Any, algorithm: str) -> str:
    """The same claims under another algorithm."""
    claims = jwt.decode(token, options={"verify_signature": False})
    header = jwt.get_unverified_header(token)
    return jwt.encode(claims, key, algorithm=algorithm, headers={"typ": header["typ"], "kid": header["kid"]})
