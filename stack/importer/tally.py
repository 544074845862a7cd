"""How the rows of an import fared, counted by kind."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Protocol


class Counts(Protocol):
    """What the answers of the three import RPCs have in common."""

    created_count: int
    updated_count: int
    unchanged_count: int
    rejected_count: int


@dataclass(slots=True)
class Tally:
    """`read` = `created` + `updated` + `unchanged` + `rejected`, once everything has been answered."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0

    def add(self, answer: Counts) -> None:
        self.created += answer.created_count
        self.updated += answer.updated_count
        self.unchanged += answer.unchanged_count
        self.rejected += answer.rejected_count

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def as_table(tallies: Iterable[tuple[str, Tally]]) -> list[str]:
    """Lines of a table for people."""
    columns = ("read", "created", "updated", "unchanged", "rejected")
    lines = [f"{'':<10}" + "".join(f"{name:>13}" for name in columns)]
    for kind, tally in tallies:
        values = tally.as_dict()
        lines.append(f"{kind:<10}" + "".join(f"{values[name]:>13,}" for name in columns))
    return lines
