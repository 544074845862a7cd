"""Foreign text in messages."""

from typing import Final

_SHOWN: Final = 60  # characters


def shown(text: str) -> str:
    """Short, and without anything that a terminal would obey."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
