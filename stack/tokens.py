"""The keys of one stack, and access tokens signed with them for local use; identity takes over where it runs."""

import base64
import hashlib
import json
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stack.errors import StackError
from stack.servers.command import write_private

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_ISSUER = _AUDIENCE = "reelmesh"


class SigningKeys:
    """An Ed25519 key in `directory`, made once (0600), and its public half as a JWKS file for the services."""

    def __init__(self, directory: Path) -> None:
        self._key_file = directory / "signing-key.pem"
        self.jwks_file = directory / "jwks.json"

    def create(self) -> None:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        if not self._key_file.exists():
            pem = Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            write_private(self._key_file, pem.decode())
        point = _public_point(self._load())
        key = {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": _key_id(point), "x": _base64url(point)}
        write_private(self.jwks_file, json.dumps({"keys": [key]}, indent=2))

    def token(self, subject: str, roles: Sequence[str], ttl: float) -> str:
        """An access token that holds for `ttl` seconds from now."""
        import jwt

        key, now = self._load(), int(time.time())
        claims = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "sub": subject,
            "roles": list(roles),
            "iat": now,
            "exp": now + int(ttl),
            "jti": uuid.uuid4().hex,
        }
        return jwt.encode(claims, key, algorithm="EdDSA", headers={"typ": "at+jwt", "kid": _key_id(_public_point(key))})

    def _load(self) -> "Ed25519PrivateKey":
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        try:
            key = serialization.load_pem_private_key(self._key_file.read_bytes(), password=None)
        except FileNotFoundError:
            raise StackError(f"there is no signing key in {self._key_file.parent}: start the stack once with `reelmesh up`") from None
        except (OSError, ValueError) as error:
            raise StackError(f"the signing key {self._key_file} cannot be read: {error}") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise StackError(f"{self._key_file} is not an Ed25519 key")
        return key


def _public_point(key: "Ed25519PrivateKey") -> bytes:
    return key.public_key().public_bytes_raw()


def _key_id(point: bytes) -> str:
    return _base64url(hashlib.sha256(point).digest()[:12])


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
