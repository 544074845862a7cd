"""The deletion of an account, as far as every context has told."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Erasure:
    """`parts` are the contexts that hold personal data and when each told that it is done. Whose account it was is not kept."""

    erasure: str
    create_time: datetime
    parts: Mapping[str, datetime | None]

    @property
    def done_time(self) -> datetime | None:
        times = [time for time in self.parts.values() if time is not None]
        return max(times, default=self.create_time) if len(times) == len(self.parts) else None


def new_erasure_id() -> str:
    """Nobody can guess it: whoever knows it may ask how far the erasure is."""
    return secrets.token_hex(16)
