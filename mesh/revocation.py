"""Sessions that ended before their access tokens: every instance is told, and remembers them for as long as such a token may hold."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog
from prometheus_client import Gauge

from mesh.events.broadcast import Broadcast
from mesh.events.bus import Bus
from mesh.events.wire import EventMeta
from reelmesh.identity.v1.events_pb2 import SessionRevoked

_log = structlog.get_logger(__name__)
_CLOCKS = 60.0  # seconds that the clocks of two machines may differ
_MOST = 100_000  # about 15 MB
_held = Gauge("reelmesh_revoked_sessions", "Sessions whose access tokens are refused although they have not expired")


class RevokedSessions:
    """`held` is asked on every call: session → until when it has to be remembered, in seconds since the epoch. `lifetime` is the
    longest that an access token of a session holds, in seconds."""

    def __init__(self, lifetime: float, clock: Callable[[], float] = time.time, most: int = _MOST) -> None:
        self.lifetime, self._clock, self._most = lifetime, clock, most
        self._held: dict[str, float] = {}

    @property
    def held(self) -> Mapping[str, float]:
        return self._held

    def revoke(self, session: str, at: float) -> None:
        """`at` is when it ended. Beyond the limit the oldest is forgotten: its tokens are the next to expire."""
        self._held[session] = at + self.lifetime + _CLOCKS
        while self._held:
            oldest = next(iter(self._held))
            if len(self._held) > self._most:
                _log.error("more sessions end than can be remembered, tokens of the oldest hold until they expire", most=self._most)
            elif self._held[oldest] >= self._clock():
                break
            del self._held[oldest]
        _held.set(len(self._held))


class Revocations:
    """Work beside the calls: hears of every session that ends, and at the start of those that ended within the life of a token."""

    def __init__(self, bus: Bus, sessions: RevokedSessions) -> None:
        self._bus, self._sessions = bus, sessions
        since = timedelta(seconds=sessions.lifetime + _CLOCKS)
        # Nothing is to be done about a gap: whenever it listens again, it is told everything that still matters.
        self._broadcast = Broadcast(bus, {SessionRevoked: self._revoked}, lambda: None, name="revoked sessions", since=since)

    async def run(self, stop: asyncio.Event) -> None:
        await self._broadcast.run(stop)

    async def known(self, seconds: float) -> None:
        """Returns when everything from before has been heard, or NATS is away, or after `seconds`: tokens end by themselves, calls that
        nobody answers do not."""
        limit = time.monotonic() + seconds
        # ASYNC110: there are three things to wait for, two of which are no events, and this is once in the life of a process.
        while not (self._broadcast.caught_up.is_set() or self._bus.is_refused or time.monotonic() > limit):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    def _revoked(self, event: SessionRevoked, meta: EventMeta) -> None:
        self._sessions.revoke(event.session_id, event.revoke_time.ToMilliseconds() / 1000)
