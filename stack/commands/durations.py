"""Durations as people write them on a command line."""

import re

from stack.errors import StackError

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds_of(option: str, text: str) -> float:
    """Of `15m` for example; `option` is named when it is no duration."""
    match = re.fullmatch(r"(\d{1,9})([smhd]?)", text)
    if match is None or int(match[1]) == 0:
        raise StackError(f"{option} {text}: write seconds, or 15m, 12h, 7d")
    return float(int(match[1]) * _UNITS[match[2]])
