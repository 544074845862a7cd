"""Access tokens for a session."""

from collections.abc import Callable
from datetime import timedelta

from identity_service.application.sessions import Granted
from identity_service.infrastructure.grpc.names import user_name
from identity_service.infrastructure.grpc.translate import tokens_message
from mesh.ids import uuid7
from mesh.signing import SigningKey
from reelmesh.identity.v1.session_pb2 import Tokens


class TokenIssuer:
    """`lifetime` is how long a token holds, which services know too; `new_id` makes the ids of tokens."""

    def __init__(self, key: SigningKey, lifetime: timedelta, new_id: Callable[[], str] = uuid7) -> None:
        self._key, self._lifetime, self._new_id = key, lifetime, new_id

    def tokens(self, granted: Granted) -> Tokens:
        session = granted.session
        roles = sorted(role.name for role in granted.roles)
        token = self._key.access_token(
            user_name(session.user), roles, self._lifetime.total_seconds(), token_id=self._new_id(), session=session.session
        )
        return tokens_message(granted, token, self._lifetime)
