"""Who calls: EdDSA access tokens, verified once and then remembered until they expire or their session ends."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import jwt
from jwt.exceptions import PyJWTError

from mesh.call import ANONYMOUS, Principal
from mesh.errors import PermissionDenied, Unauthenticated
from mesh.keys import Keys
from mesh.policy import Access

_REMEMBERED = 10_000
_MAX_TOKEN = 4_096  # characters; ours are about 400
_TOKEN_TYPE = "at+jwt"  # noqa: S105  # RFC 9068: tells an access token from a refresh or id token
# Rules that ask for a role, which is named like the rule.
_ROLES = frozenset({Access.ADMIN, Access.SERVICE, Access.MODERATOR, Access.BOX_OFFICE})


class KeyUnknown(Exception):
    """A token names a key that `Authenticator.learn` may find."""


class Authenticator:
    """Turns an authorization header into a Principal. `revoked` holds the sessions whose tokens are not taken any more; `clock` gives
    seconds since the epoch."""

    def __init__(
        self,
        keys: Keys,
        issuer: str,
        audience: str,
        clock: Callable[[], float] = time.time,
        revoked: Mapping[str, object] | None = None,
    ) -> None:
        self._keys, self._issuer, self._audience, self._clock = keys, issuer, audience, clock
        self._revoked: Mapping[str, object] = {} if revoked is None else revoked
        self._verified: OrderedDict[str, tuple[Principal, float]] = OrderedDict()
        self._keys_version = keys.version

    def principal(self, authorization: str | None) -> Principal:
        """Anonymous without a header. Raises Unauthenticated for one that does not hold, also where none is needed, and KeyUnknown."""
        if not authorization:
            return ANONYMOUS
        remembered = self._verified.get(authorization)
        if remembered is None or remembered[1] <= self._clock():
            remembered = self._verify(authorization)
        principal = remembered[0]
        if principal.session in self._revoked:
            raise Unauthenticated("SESSION_REVOKED", "The session of this access token has ended.")
        return principal

    async def learn(self) -> None:
        """After KeyUnknown: asks for the keys of now."""
        await self._keys.learn()

    def _verify(self, authorization: str) -> tuple[Principal, float]:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > _MAX_TOKEN:
            raise Unauthenticated("TOKEN_MALFORMED", "The authorization header must be `Bearer` and an access token.")
        claims = self._claims(token.strip())
        expires, roles, session = claims["exp"], claims.get("roles", []), claims.get("sid", "")
        if not isinstance(expires, int | float) or expires <= self._clock():
            raise Unauthenticated("TOKEN_EXPIRED", "The access token has expired.")
        if not isinstance(roles, list) or not isinstance(session, str) or not claims["sub"]:
            raise Unauthenticated("TOKEN_INVALID", "The access token does not hold.")
        verified = Principal(claims["sub"], frozenset(str(role) for role in roles), session), float(expires)
        self._verified[authorization] = verified
        if len(self._verified) > _REMEMBERED:
            self._verified.popitem(last=False)
        return verified

    def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            key = self._key(str(header.get("kid", "")))
            if key is None or header.get("typ") != _TOKEN_TYPE:
                raise Unauthenticated("TOKEN_NOT_OURS", "The access token was not issued for this platform.")
            # Expiry is checked against our own clock, so that tests and remembered tokens share one rule.
            return jwt.decode(
                token,
                key,
                algorithms=["EdDSA"],
                audience=self._audience,
                issuer=self._issuer,
                options={"require": ["exp", "iat", "sub", "iss", "aud"], "verify_exp": False},
            )
        except PyJWTError as error:
            raise Unauthenticated("TOKEN_INVALID", "The access token does not hold.") from error

    def _key(self, key_id: str) -> jwt.PyJWK | None:
        key = self._keys.find(key_id)
        if self._keys.version != self._keys_version:
            # A key may have been withdrawn; what it has signed is not to be remembered.
            self._keys_version = self._keys.version
            self._verified.clear()
        if key is None and self._keys.may_learn:
            raise KeyUnknown
        return key


def require_access(access: Access, principal: Principal, service: str = "") -> None:
    """The method's rule, before anything is parsed or looked up. `service` is which of ours makes the call, for whomever."""
    if access is Access.PUBLIC or (access is Access.SERVICE and service):
        return
    if principal.is_anonymous:
        raise Unauthenticated("TOKEN_MISSING", "This method needs an access token.")
    if access in (Access.USER, Access.OWNER):
        return
    if access not in _ROLES or not principal.may_act_as(access.name):
        raise PermissionDenied("ROLE_MISSING", f"This method needs the role {access.name}.")
