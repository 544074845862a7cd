"""The trial of a model with real callers: its life, who is shown what, and what counts as an answer."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from recommender_service.domain.interactions import LIKED_HALF_STARS, Kind

DAY: Final = timedelta(days=1)
LONGEST_WINDOW: Final = 90 * DAY

_HASHED_BYTES: Final = 8


class Mode(IntEnum):
    """What is done with the candidate's lists; the numbers are those of the contract, and stored."""

    SHADOW = 1
    AB = 2


class ExperimentState(IntEnum):
    """RUNNING → STOPPED or FAILED; the numbers are those of the contract, and stored."""

    RUNNING = 1
    STOPPED = 2
    FAILED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """`control` and `candidate` are ids of models. `share`: of users (AB) or of lists (SHADOW)."""

    experiment_id: str
    mode: Mode
    control: str
    candidate: str
    share: float
    create_time: datetime
    outcome_window: timedelta = DAY
    state: ExperimentState = ExperimentState.RUNNING
    reason: str = ""
    stop_time: datetime | None = None

    def shows_candidate(self, user: str) -> bool:
        """Always the same for a user, in every replica; in another experiment it is as if drawn anew."""
        if self.mode is not Mode.AB or not user:
            return False
        digest = hashlib.blake2b(f"{self.experiment_id}/{user}".encode(), digest_size=_HASHED_BYTES).digest()
        return int.from_bytes(digest) < self.share * 256**_HASHED_BYTES

    def stopped(self, reason: str, now: datetime) -> "Experiment":
        return self._ended(ExperimentState.STOPPED, reason, now)

    def failed(self, reason: str, now: datetime) -> "Experiment":
        return self._ended(ExperimentState.FAILED, reason, now)

    def _ended(self, state: ExperimentState, reason: str, now: datetime) -> "Experiment":
        return replace(self, state=state, reason=reason, stop_time=now) if self.state is ExperimentState.RUNNING else self


@dataclass(frozen=True, slots=True)
class Exposure:
    """A list that a user was shown; movies by their numbers."""

    experiment_id: str
    user: str
    candidate: bool
    movies: tuple[int, ...]
    time: datetime


def is_outcome(kind: int, value: int) -> bool:
    """Whether somebody who was shown a movie and then did this answered to the list."""
    match kind:
        case Kind.CLICK | Kind.LIKE:
            return True
        case Kind.RATING:
            return value >= LIKED_HALF_STARS
        case Kind.WATCH_PROGRESS:
            return value > 0
        case _:
            return False
