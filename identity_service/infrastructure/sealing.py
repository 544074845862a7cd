"""What is derived from the signing key, which no database has: hashes of requests with secrets, handles that can be made again."""

import base64
import hmac
from typing import Any

from identity_service.domain.sessions import new_secret
from mesh.signing import SigningKey


class Sealing:
    """A key that was replaced changes both: a request that is sent again just then counts as another one."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    @property
    def request_key(self) -> bytes:
        """For `mesh.postgres.idempotency.once`."""
        return self._key.secret_for("requests")

    def handle(self, request: Any) -> str:
        """43 characters that nobody can guess; for the same request with the same request id the same ones."""
        if not request.request_id:
            return new_secret()
        content = request.DESCRIPTOR.full_name.encode() + b"\0" + request.SerializeToString(deterministic=True)
        return base64.urlsafe_b64encode(hmac.digest(self._key.secret_for("handles"), content, "sha256")).rstrip(b"=").decode()
