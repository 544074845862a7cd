"""py-consul on httpx: its own asyncio client needs aiohttp, which nats-py would then load into every process."""

import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import httpx
from consul import ConsulException
from consul.base import Consul, HTTPClient, Response

from mesh.registry.settings import RegistrySettings

# Consul answers a blocking query a sixteenth after its time; a connection that says nothing for longer is lost.
WAIT = "30s"
_BLOCKING = httpx.Timeout(5.0, read=30 * 17 / 16 + 5.0, pool=None)
_TIMEOUT = httpx.Timeout(5.0, pool=None)
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=None)

Callback = Callable[[Response], Any]
Params = Sequence[tuple[str, Any]]


class AsyncConsul(Consul):  # type: ignore[misc]  # py-consul ships no types
    """py-consul's API, awaitable. Whatever goes wrong is a ConsulException."""

    def __init__(self, base_url: str, token: str, tls: ssl.SSLContext) -> None:
        # A header of every request: py-consul forgets the token in some, and prefers one that it finds in the environment.
        headers = {"X-Consul-Token": token} if token else {}
        self._client = httpx.AsyncClient(base_url=base_url, headers=headers, verify=tls, limits=_LIMITS, trust_env=False)
        super().__init__("unused", 1, scheme="unused", verify=True)  # named, so that the environment is not asked
        self.token = None

    def http_connect(self, *_: object) -> "_HttpxClient":
        return _HttpxClient(self._client)


class _HttpxClient(HTTPClient):  # type: ignore[misc]  # py-consul ships no types
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    def get(self, callback: Callback, path: str, params: Params = (), headers: Mapping[str, str] | None = None) -> Awaitable[Any]:
        return self._asked(callback, "GET", path, params, headers)

    def put(
        self, callback: Callback, path: str, params: Params = (), data: str | bytes = "", headers: Mapping[str, str] | None = None
    ) -> Awaitable[Any]:
        return self._asked(callback, "PUT", path, params, headers, data)

    def delete(
        self, callback: Callback, path: str, params: Params = (), data: str | bytes = "", headers: Mapping[str, str] | None = None
    ) -> Awaitable[Any]:
        return self._asked(callback, "DELETE", path, params, headers, data)

    def post(
        self, callback: Callback, path: str, params: Params = (), data: str | bytes = "", headers: Mapping[str, str] | None = None
    ) -> Awaitable[Any]:
        return self._asked(callback, "POST", path, params, headers, data)

    def close(self) -> Awaitable[None]:
        return self._client.aclose()

    async def _asked(
        self, callback: Callback, method: str, path: str, params: Params, headers: Mapping[str, str] | None, data: str | bytes = ""
    ) -> Any:
        asked = list(params or ())
        timeout = _BLOCKING if "index" in dict(asked) else _TIMEOUT
        try:
            answer = await self._client.request(method, path, params=asked, headers=headers, content=data or None, timeout=timeout)
        except (httpx.HTTPError, OSError) as error:  # of TLS, some are not wrapped
            raise ConsulException(str(error) or type(error).__name__) from error
        return callback(Response(answer.status_code, answer.headers, answer.text))


def connecting(settings: RegistrySettings) -> Callable[[], AsyncConsul]:
    """Makes clients. Raises ValueError for an address that is none, OSError for certificates that cannot be read."""
    tls = ssl.create_default_context(cafile=settings.consul_ca_file)
    if settings.consul_cert_file is not None:
        tls.load_cert_chain(settings.consul_cert_file, settings.consul_key_file)
    return partial(AsyncConsul, settings.consul_url, settings.consul_token, tls)
