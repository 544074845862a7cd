"""The public keys of access tokens: out of a JWKS file, or from whoever serves one."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import jwt
import structlog

_log = structlog.get_logger(__name__)
_LOOK_SECONDS = 1.0  # between two looks for a key that is not known
_FETCH_SECONDS = 2.0
_MAX_BYTES = 1 << 20


class KeysUnreadable(Exception):
    """There is no key set where it should be, or it is none; the text says what and where."""


class Keys(Protocol):
    """`version` changes when `find` may answer differently. `may_learn` is whether it is time for another `learn`, which nobody
    awaits for long."""

    @property
    def version(self) -> int: ...
    @property
    def may_learn(self) -> bool: ...
    def find(self, key_id: str) -> jwt.PyJWK | None: ...
    async def learn(self) -> None: ...


class _Known:
    """The keys of the text that was read last."""

    def __init__(self) -> None:
        self._text = ""
        self.keys: Mapping[str, jwt.PyJWK] = {}
        self.version = 0

    def take(self, text: str) -> None:
        """Raises KeysUnreadable, and keeps those of before."""
        if text != self._text:
            self.keys = parsed(text)
            self._text, self.version = text, self.version + 1


class KeySet:
    """The keys of a JWKS file, read again when a token names a key that is not among them (at most once a second). The file decides:
    a key that it no longer has is not taken any more, so whoever replaces a key leaves the old one in it until its tokens have expired."""

    may_learn = False  # a file is read then and there

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known = _Known()
        self._read_at = float("-inf")

    @property
    def version(self) -> int:
        return self._known.version

    def find(self, key_id: str) -> jwt.PyJWK | None:
        if key_id not in self._known.keys and self._path is not None and time.monotonic() - self._read_at > _LOOK_SECONDS:
            self._read_at = time.monotonic()
            try:
                self._known.take(self._path.read_text(encoding="utf-8", errors="replace"))
            except (OSError, KeysUnreadable) as error:
                _log.error("the public keys cannot be read, those that are known are kept", file=str(self._path), error=str(error))
        return self._known.keys.get(key_id)

    async def learn(self) -> None:
        return


class RemoteKeySet:
    """The keys that `url` answers, in the same way; `fetch` gives its text and may block."""

    def __init__(self, url: str, fetch: Callable[[str], str] | None = None) -> None:
        self._url, self._fetch = url, fetch or fetched
        self._known = _Known()
        self._asked_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    @property
    def version(self) -> int:
        return self._known.version

    @property
    def may_learn(self) -> bool:
        return self._asking is not None or time.monotonic() - self._asked_at > _LOOK_SECONDS

    def find(self, key_id: str) -> jwt.PyJWK | None:
        return self._known.keys.get(key_id)

    async def learn(self) -> None:
        """One request for all who wait."""
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        with suppress(TimeoutError):
            async with asyncio.timeout(_FETCH_SECONDS):
                await asyncio.shield(self._asking)  # who leaves does not take the others' answer along

    async def _ask(self) -> None:
        try:
            self._known.take(await asyncio.to_thread(self._fetch, self._url))
        except (OSError, KeysUnreadable) as error:
            _log.error("the public keys cannot be fetched, those that are known are kept", url=self._url, error=str(error))
        finally:
            self._asked_at, self._asking = time.monotonic(), None


def keys_of(jwks_file: Path | None, jwks_url: str) -> Keys:
    """From the URL where there is one, else from the file; no key at all without either."""
    return RemoteKeySet(jwks_url) if jwks_url else KeySet(jwks_file)


def key_text(jwks_file: Path | None, jwks_url: str) -> str:
    """What `keys_of` would read now. Raises KeysUnreadable, OSError; may block."""
    if jwks_url:
        return fetched(jwks_url)
    return jwks_file.read_text(encoding="utf-8", errors="replace") if jwks_file is not None else ""


def fetched(url: str) -> str:
    """The text at an http or https `url`. Raises KeysUnreadable, OSError."""
    import urllib.request  # TLS and all of HTTP, which a service whose keys are a file does without
    from http.client import HTTPException

    if not url.startswith(("http://", "https://")):
        raise KeysUnreadable(f"{url} is no http or https address")
    try:
        with urllib.request.urlopen(url, timeout=_FETCH_SECONDS) as answer:  # noqa: S310  # the scheme is checked above
            content: bytes = answer.read(_MAX_BYTES)
    except (HTTPException, ValueError) as error:
        raise KeysUnreadable(f"{url} does not answer as HTTP does: {error}") from error
    return content.decode("utf-8", "replace")


def parsed(text: str) -> Mapping[str, jwt.PyJWK]:
    """By key id, those that sign with EdDSA. Raises KeysUnreadable."""
    try:
        listed = json.loads(text)["keys"]
        return {key["kid"]: jwt.PyJWK(key, algorithm="EdDSA") for key in listed if key.get("kty") == "OKP"}
    except (ValueError, KeyError, TypeError, AttributeError, jwt.PyJWTError) as error:
        raise KeysUnreadable(f"it is no key set: {type(error).__name__}: {error}") from error
