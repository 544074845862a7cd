"""Log levels that are changed while the process runs, for good or for a while."""

import asyncio
import logging
import time
from dataclasses import dataclass

MAX_SECONDS = 24 * 3600.0


class LevelNeeded(Exception):
    """The root logger has none above it to follow."""


@dataclass(frozen=True, slots=True)
class LoggerLevel:
    """`level` is what was set, 0 when the logger follows the one above it; `expires` is seconds since the epoch."""

    name: str
    level: int
    effective: int
    expires: float | None = None


class LogLevels:
    """The loggers of this process, by name; the root's is empty. Used from the event loop."""

    def __init__(self) -> None:
        self._expiries: dict[str, tuple[asyncio.TimerHandle, int, float]] = {}  # timer, the level before, when

    def all(self) -> list[LoggerLevel]:
        """Those that exist, in the order of their names."""
        known = (name for name, found in logging.root.manager.loggerDict.items() if isinstance(found, logging.Logger))
        return [self.of(name) for name in ("", *sorted(known))]

    def of(self, name: str) -> LoggerLevel:
        logger = logging.getLogger(name or None)
        expiry = self._expiries.get(name)
        return LoggerLevel(name, logger.level, logger.getEffectiveLevel(), expiry[2] if expiry else None)

    def set(self, name: str, level: int, seconds: float | None = None) -> LoggerLevel:
        """`level` 0 takes back what was set. With `seconds` it is afterwards what it was before the first change that was to pass."""
        if not level and not name:
            raise LevelNeeded
        logger = logging.getLogger(name or None)
        before = self._forget(name, logger.level)
        logger.setLevel(level)
        if seconds is not None:
            timer = asyncio.get_running_loop().call_later(seconds, self._expire, name, before)
            self._expiries[name] = (timer, before, time.time() + seconds)
        return self.of(name)

    def _forget(self, name: str, level: int) -> int:
        """Without the expiry that is under way; the level that it would have gone back to, `level` when there is none."""
        expiry = self._expiries.pop(name, None)
        if expiry is None:
            return level
        expiry[0].cancel()
        return expiry[1]

    def _expire(self, name: str, level: int) -> None:
        self._expiries.pop(name, None)
        logging.getLogger(name or None).setLevel(level)
