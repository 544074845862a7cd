"""Rows that are left out: each is told with file, line and reason, and all are counted."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from stack.errors import StackError

_TOLD_PER_FILE: Final = 1_000  # a file of something else altogether would tell millions
_KEPT: Final = 100  # of all, for the summary


@dataclass(slots=True)
class Problems:
    """`strict` makes the first one the end of the import."""

    say: Callable[[str], None]
    strict: bool = False
    first: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, file: str, line: int, reason: str) -> None:
        sentence = f"{file}:{line}: {reason}"
        if self.strict:
            raise StackError(f"{sentence}; stopped there because of --strict")
        self.counts[file] += 1
        if len(self.first) < _KEPT:
            self.first.append(sentence)
        if self.counts[file] <= _TOLD_PER_FILE:
            self.say(f"skipped {sentence}")
        if self.counts[file] == _TOLD_PER_FILE:
            self.say(f"{file}: further rows that are skipped are only counted")
