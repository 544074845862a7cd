"""The process's connection to NATS: made in the background, remade for ever, never a reason not to start."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import nats
import nats.errors
import structlog
from nats.aio.client import Client

from mesh.errors import Unavailable

_log = structlog.get_logger(__name__)


class Bus:
    """NATS at `url` (several separated by commas). `name` is shown in NATS's own connection list."""

    def __init__(self, url: str, name: str = "reelmesh") -> None:
        self._servers = url.split(",")
        self._name = name
        self._client = Client()
        self._connecting: asyncio.Task[None] | None = None
        self._interruptions: set[Callable[[], None]] = set()
        self._failed = False

    async def open(self) -> None:
        """Begins to connect and returns at once."""
        self._connecting = asyncio.create_task(self._connect())

    async def close(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        if not self._client.is_closed:
            with suppress(nats.errors.Error, OSError, asyncio.TimeoutError):
                await self._client.close()

    async def client(self, wait: float = 5.0, stop: asyncio.Event | None = None) -> Client:
        """The connection, once there is one; Unavailable after `wait` seconds without, and at once when `stop` is set meanwhile."""
        limit = asyncio.get_running_loop().time() + wait
        while not self._client.is_connected:
            if asyncio.get_running_loop().time() > limit or (stop is not None and stop.is_set()):
                raise Unavailable("EVENTS_AWAY", "The event stream is not reachable.")
            await asyncio.sleep(0.02)
        return self._client

    @property
    def is_refused(self) -> bool:
        """Whether there is no connection, and the last attempt to make one failed."""
        return self._failed and not self._client.is_connected

    def on_interruption(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Calls `tell` whenever the connection is lost or messages are dropped; the result takes that back."""
        self._interruptions.add(tell)
        return lambda: self._interruptions.discard(tell)

    async def _connect(self) -> None:
        await self._client.connect(
            servers=self._servers,
            name=self._name,
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            connect_timeout=2,
            ping_interval=5,
            max_outstanding_pings=2,
            error_cb=self._on_error,
            disconnected_cb=self._on_disconnected,
            reconnected_cb=self._on_reconnected,
        )

    async def _on_error(self, error: Exception) -> None:
        _log.debug("nats_error", error=str(error) or type(error).__name__)
        self._failed = True
        if isinstance(error, nats.errors.SlowConsumerError):
            self._interrupt()

    async def _on_disconnected(self) -> None:
        if not self._client.is_closed:
            _log.warning("nats_disconnected")
        self._interrupt()

    async def _on_reconnected(self) -> None:
        _log.info("nats_reconnected")
        self._interrupt()

    def _interrupt(self) -> None:
        for tell in tuple(self._interruptions):
            tell()
