"""Which service makes a call: a proof that it is one of the mesh, beside the token of the user for whom it calls."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial

import jwt
from jwt.exceptions import PyJWTError

from mesh.errors import Unauthenticated

# Metadata with the proof. The edge lets nobody outside say it.
SERVICE_TOKEN = "x-reelmesh-service"  # noqa: S105  # a name, not a secret
MIN_SECRET = 32  # characters, as long as the hash
# What to say to a callee, now.
Proof = Callable[[], str]
_TYPE, _ALGORITHM = "service+jwt", "HS256"
_LIFETIME, _CLOCKS = 300.0, 60.0  # seconds; and how much the clocks of two machines may differ
_REMEMBERED = 1_000


class ServiceTokens:
    """Made and checked with a secret that all services of the mesh share, and nobody else: the first of `secrets` signs, all are taken, so
    that it can be replaced. Without any, nobody can tell who calls. `name` is the context that runs here, `clock` gives seconds since
    the epoch.

    A token is good for one callee and for minutes. Services that do not trust each other's word for a name need certificates (mTLS).
    """

    def __init__(self, name: str, secrets: Sequence[str] = (), clock: Callable[[], float] = time.time) -> None:
        self._name, self._secrets, self._clock = name, secrets, clock
        self._issued: dict[str, tuple[str, float]] = {}
        self._verified: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def issued(self, callee: str) -> str:
        """The proof that `callee` takes; empty without a secret."""
        token, renewed_at = self._issued.get(callee, ("", 0.0))
        if self._secrets and self._clock() >= renewed_at:
            token, now = self._sign(callee), self._clock()
            self._issued[callee] = token, now + _LIFETIME / 2
        return token

    def proof_for(self, callee: str) -> Proof:
        return partial(self.issued, callee)

    def caller(self, token: str | None) -> str:
        """The name of the service that made `token`; empty without one. Raises Unauthenticated for one that does not hold."""
        if not token or not self._secrets:
            return ""
        name, expires = self._verified.get(token, ("", 0.0))
        if self._clock() >= expires:
            name, expires = self._verify(token)
            self._verified[token] = name, expires
            if len(self._verified) > _REMEMBERED:
                self._verified.popitem(last=False)
        return name

    def _sign(self, callee: str) -> str:
        now = self._clock()
        claims = {"iss": self._name, "aud": callee, "iat": int(now), "exp": int(now + _LIFETIME)}
        return jwt.encode(claims, self._secrets[0], algorithm=_ALGORITHM, headers={"typ": _TYPE})

    def _verify(self, token: str) -> tuple[str, float]:
        for secret in self._secrets:
            try:
                found = jwt.decode_complete(
                    token,
                    secret,
                    algorithms=[_ALGORITHM],
                    audience=self._name,
                    options={"require": ["iss", "aud", "exp"], "verify_exp": False, "verify_iat": False},  # our own clock decides
                )
            except PyJWTError:
                continue
            expires = float(found["payload"]["exp"]) + _CLOCKS
            if found["header"].get("typ") == _TYPE and self._clock() < expires:
                return str(found["payload"]["iss"]), expires
        raise Unauthenticated("SERVICE_TOKEN_INVALID", "The caller's proof to be a service of the mesh does not hold.")


NO_SERVICE_TOKENS = ServiceTokens("")


def secrets_in(setting: str) -> Sequence[str]:
    """Those of a setting, with commas between them."""
    return tuple(secret for part in setting.split(",") if (secret := part.strip()))


def are_long_enough(setting: str) -> bool:
    """Whether each secret of the setting is worth its name."""
    return all(len(secret) >= MIN_SECRET for secret in secrets_in(setting))
