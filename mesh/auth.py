"""Who calls: EdDSA access tokens, verified once and then remembered until they expire."""

import json
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import jwt
from jwt.exceptions import PyJWTError

from mesh.call import ANONYMOUS, Principal
from mesh.errors import PermissionDenied, Unauthenticated
from mesh.policy import Access

_REMEMBERED = 10_000
_MAX_TOKEN = 4_096  # characters; ours are about 400
_TOKEN_TYPE = "at+jwt"  # noqa: S105  # RFC 9068: tells an access token from a refresh or id token


class KeySet:
    """The public keys of a JWKS file, read again when a token names a key that is not among them (at most once a second)."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._keys: dict[str, jwt.PyJWK] = {}
        self._read_at = float("-inf")

    def find(self, key_id: str) -> jwt.PyJWK | None:
        if key_id not in self._keys and self._path is not None and time.monotonic() - self._read_at > 1:
            self._read_at = time.monotonic()
            listed = json.loads(self._path.read_text())["keys"]
            self._keys = {key["kid"]: jwt.PyJWK(key, algorithm="EdDSA") for key in listed if key.get("kty") == "OKP"}
        return self._keys.get(key_id)


class Authenticator:
    """Turns an authorization header into a Principal. `clock` gives seconds since the epoch."""

    def __init__(self, keys: KeySet, issuer: str, audience: str, clock: Callable[[], float] = time.time) -> None:
        self._keys, self._issuer, self._audience, self._clock = keys, issuer, audience, clock
        self._verified: OrderedDict[str, tuple[Principal, float]] = OrderedDict()

    def principal(self, authorization: str | None) -> Principal:
        """Anonymous without a header; Unauthenticated for one that does not hold, also where none is needed."""
        if not authorization:
            return ANONYMOUS
        remembered = self._verified.get(authorization)
        if remembered is not None and remembered[1] > self._clock():
            return remembered[0]
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > _MAX_TOKEN:
            raise Unauthenticated("TOKEN_MALFORMED", "The authorization header must be `Bearer` and an access token.")
        principal, expires = self._verify(token.strip())
        self._verified[authorization] = (principal, expires)
        if len(self._verified) > _REMEMBERED:
            self._verified.popitem(last=False)
        return principal

    def _verify(self, token: str) -> tuple[Principal, float]:
        try:
            header = jwt.get_unverified_header(token)
            key = self._keys.find(str(header.get("kid", "")))
            if key is None or header.get("typ") != _TOKEN_TYPE:
                raise Unauthenticated("TOKEN_NOT_OURS", "The access token was not issued for this platform.")
            required = ["exp", "iat", "sub", "iss", "aud"]
            # Expiry is checked against our own clock below, so that tests and remembered tokens share one rule.
            claims = jwt.decode(
                token,
                key,
                algorithms=["EdDSA"],
                audience=self._audience,
                issuer=self._issuer,
                options={"require": required, "verify_exp": False},
            )
        except PyJWTError as error:
            raise Unauthenticated("TOKEN_INVALID", "The access token does not hold.") from error
        expires, roles = claims["exp"], claims.get("roles", [])
        if not isinstance(expires, int | float) or expires <= self._clock():
            raise Unauthenticated("TOKEN_EXPIRED", "The access token has expired.")
        if not isinstance(roles, list) or not claims["sub"]:
            raise Unauthenticated("TOKEN_INVALID", "The access token does not hold.")
        return Principal(claims["sub"], frozenset(str(role) for role in roles)), float(expires)


def require_access(access: Access, principal: Principal) -> None:
    """The method's rule, before anything is parsed or looked up."""
    if access is Access.PUBLIC:
        return
    if principal.is_anonymous:
        raise Unauthenticated("TOKEN_MISSING", "This method needs an access token.")
    if access in (Access.ADMIN, Access.SERVICE) and not principal.has("ADMIN") and not principal.has(access.name):
        raise PermissionDenied("ROLE_MISSING", f"This method needs the role {access.name}.")
