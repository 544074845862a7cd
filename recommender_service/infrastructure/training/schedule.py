"""When a training is due without anybody having asked for it."""

import time
from collections.abc import Callable
from datetime import datetime

_FEWEST = 500  # interactions: of fewer nothing can be learnt that would not be popularity
_QUIET_SECONDS = 3.0
_GROWTH = 2


class Schedule:
    """Every `interval` seconds when there is something new, and at once for the first interactions and whenever they have doubled (an
    import), as soon as no more come for some seconds. Never with an interval of 0."""

    def __init__(self, interval: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval, self._clock = interval, clock
        self._seen, self._seen_at = -1, 0.0
        self._trained: int | None = None

    def is_due(self, interactions: int, last_training: datetime | None, now: datetime) -> bool:
        """`interactions` is the number of the last one."""
        if interactions != self._seen:
            self._seen, self._seen_at = interactions, self._clock()
        if self._trained is None:
            # Not known after a start; what was there when the last one began is near enough.
            self._trained = interactions if last_training is not None else 0
        if not self._interval or interactions < _FEWEST or self._clock() - self._seen_at < _QUIET_SECONDS:
            return False
        grown = interactions >= _GROWTH * self._trained
        waited = last_training is None or (now - last_training).total_seconds() >= self._interval
        return interactions > self._trained and (grown or waited)

    def begun(self, interactions: int) -> None:
        """A training of them has begun, asked for by whomever: none is due for what it learns."""
        self._trained = interactions
