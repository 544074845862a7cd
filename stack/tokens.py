"""The keys of one stack: made, replaced, and access tokens signed with them for local use."""

import json
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stack.errors import StackError
from stack.servers.command import write_private

if TYPE_CHECKING:
    from mesh.signing import SigningKey

_ISSUER = _AUDIENCE = "reelmesh"
# A replaced key is published for as long as `reelmesh token` makes tokens hold unless told otherwise, with a day to spare.
_PUBLISHED_SECONDS = 8 * 24 * 3600.0


class SigningKeys:
    """An Ed25519 key in `directory`, made once (0600), and a JWKS file with its public half and those of the keys before it.

    `copy` is written like the JWKS file, for services that must not see the directory."""

    def __init__(self, directory: Path, copy: Path | None = None) -> None:
        self.key_file = directory / "signing-key.pem"
        self.jwks_file = directory / "jwks.json"
        self._copies = (self.jwks_file, *([copy] if copy else []))

    def create(self) -> None:
        """Unless there is one."""
        from mesh.signing import new_key

        if not self.key_file.exists():
            write_private(self.key_file, new_key())
        self._publish(self._public(self.key_file))

    def rotate(self, settle_seconds: float) -> None:
        """Replaces the key. The new one is published first and signs after `settle_seconds`, when whoever checks tokens has seen it; tokens
        of the old one hold until they expire."""
        from mesh.signing import new_key

        following = self.key_file.with_suffix(".next.pem")
        write_private(following, new_key())
        self._publish(self._public(self.key_file), self._public(following))
        time.sleep(settle_seconds)
        following.replace(self.key_file)
        self._publish(self._public(self.key_file))

    def token(self, subject: str, roles: Sequence[str], ttl: float) -> str:
        """An access token that holds for `ttl` seconds from now."""
        from mesh.signing import KeyUnreadable

        try:
            return self._signing_key(self.key_file).access_token(subject, roles, ttl, token_id=uuid.uuid4().hex)
        except KeyUnreadable as error:
            raise self._told(error) from error

    def _publish(self, *current: dict[str, str]) -> None:
        """These, and those of before that still may have signed a token that holds."""
        now, known = time.time(), {key["kid"] for key in current}
        before = [{"exp": now + _PUBLISHED_SECONDS} | key for key in self._published() if key["kid"] not in known]
        written = json.dumps({"keys": [*current, *(key for key in before if key["exp"] > now)]}, indent=2)
        for path in self._copies:
            write_private(path, written)

    def _published(self) -> list[dict[str, Any]]:
        try:
            keys: list[dict[str, Any]] = json.loads(self.jwks_file.read_text(encoding="utf-8"))["keys"]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError) as error:
            raise StackError(f"the public keys {self.jwks_file} cannot be read: {error}") from error
        return keys

    def _public(self, key_file: Path) -> dict[str, str]:
        from mesh.signing import KeyUnreadable

        try:
            return self._signing_key(key_file).public_jwk()
        except KeyUnreadable as error:
            raise self._told(error) from error

    def _signing_key(self, key_file: Path) -> "SigningKey":
        from mesh.signing import SigningKey

        return SigningKey(key_file, _ISSUER, _AUDIENCE)

    def _told(self, error: Exception) -> StackError:
        return StackError(str(error) if self.key_file.exists() else f"{error}: start the stack once with `reelmesh up`")
