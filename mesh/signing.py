"""The Ed25519 key that signs access tokens, as a PEM file that may be replaced while it is in use, and its public half as a JWK."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_TOKEN_TYPE = "at+jwt"  # noqa: S105  # RFC 9068


class KeyUnreadable(Exception):
    """There is no key in the file, or none that can be used; the text says which file."""


def new_key() -> str:
    """A key as PEM."""
    encoding, form, nothing = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return Ed25519PrivateKey.generate().private_bytes(encoding, form, nothing).decode()


class SigningKey:
    """The key in `path`. A file that was replaced is noticed at the next use. `clock` gives seconds since the epoch."""

    def __init__(self, path: Path, issuer: str, audience: str, clock: Callable[[], float] = time.time) -> None:
        self._path, self._issuer, self._audience, self._clock = path, issuer, audience, clock
        self._read: tuple[tuple[int, int], Ed25519PrivateKey] | None = None

    def access_token(self, subject: str, roles: Sequence[str], ttl: float, *, token_id: str, session: str = "") -> str:
        """Holds for `ttl` seconds from now. Raises KeyUnreadable."""
        key, now = self._key(), int(self._clock())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": subject,
            "roles": list(roles),
            "iat": now,
            "exp": now + int(ttl),
            "jti": token_id,
            **({"sid": session} if session else {}),
        }
        return jwt.encode(claims, key, algorithm="EdDSA", headers={"typ": _TOKEN_TYPE, "kid": _key_id(key)})

    def public_jwk(self) -> dict[str, str]:
        """As RFC 8037 has it. Raises KeyUnreadable."""
        key = self._key()
        x = _base64url(key.public_key().public_bytes_raw())
        return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": _key_id(key), "x": x}

    def secret_for(self, purpose: str) -> bytes:
        """32 bytes that only holders of the key know, others for each purpose; they change with the key. Raises KeyUnreadable."""
        return hmac.digest(self._key().private_bytes_raw(), purpose.encode(), "sha256")

    def _key(self) -> Ed25519PrivateKey:
        try:
            status = self._path.stat()
            version = (status.st_mtime_ns, status.st_ino)
            if self._read is None or self._read[0] != version:
                key = serialization.load_pem_private_key(self._path.read_bytes(), password=None)
                if not isinstance(key, Ed25519PrivateKey):
                    raise KeyUnreadable(f"{self._path} is not an Ed25519 key")
                self._read = (version, key)
        except FileNotFoundError as error:
            raise KeyUnreadable(f"there is no signing key {self._path}") from error
        except (OSError, ValueError) as error:
            raise KeyUnreadable(f"the signing key {self._path} cannot be read: {error}") from error
        return self._read[1]


def _key_id(key: Ed25519PrivateKey) -> str:
    return _base64url(hashlib.sha256(key.public_key().public_bytes_raw()).digest()[:12])


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
