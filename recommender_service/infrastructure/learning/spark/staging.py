"""Rows for Spark: written to files user by user, in constant memory, with the hold-out marked in each."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np

from recommender_service.infrastructure.learning.data import LIKE, Interaction, Interactions
from recommender_service.infrastructure.learning.errors import NothingToLearn
from recommender_service.infrastructure.learning.evaluation.gate import ASKED, TRAINED

SCHEMA: Final = "user int, back int, item int, weight float, time double, held boolean"
_ROWS_OF_A_FILE: Final = 1_000_000


@dataclass(slots=True)
class Staged:
    """`back` in the files counts from a user's newest row, and `items` are numbered there. `known` and `hidden` are the two parts of as
    many users as are asked for the metrics."""

    directory: Path
    items: dict[str, int] = field(default_factory=dict)
    users: int = 0
    rows: int = 0
    likes: int = 0
    first_time: float = float("inf")
    last_time: float = float("-inf")
    known: list[Interaction] = field(default_factory=list)
    hidden: list[Interaction] = field(default_factory=list)
    asked: int = 0

    def hold_out(self, movies: Iterable[str]) -> tuple[Interactions, Interactions]:
        """Over the same tables of movies and users."""
        both = Interactions.of([*self.known, *self.hidden], movies)
        hidden = {(each.user, each.item) for each in self.hidden}
        held = np.array([(both.users[user], both.items[item]) in hidden for user, item in zip(both.user, both.item, strict=True)], bool)
        return both.where(~held), both.where(held)


@contextmanager
def staged(opinions: Iterable[Interaction], directory: Path) -> Iterator[Staged]:
    """Gone when the block is left. Raises NothingToLearn, and FileExistsError when the directory is there."""
    directory.mkdir(parents=True)
    try:
        yield _written(opinions, Staged(directory))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _written(opinions: Iterable[Interaction], staged: Staged) -> Staged:
    lines: list[str] = []
    for _, rows in groupby(opinions, key=lambda each: each.user):
        lines += _of_user(sorted(rows, key=lambda each: each.time), staged)
        if len(lines) >= _ROWS_OF_A_FILE:
            _write(lines, staged)
            lines = []
    _write(lines, staged)
    if not staged.likes:
        raise NothingToLearn(f"there is no like among {staged.rows:,} interactions")
    return staged


def _of_user(history: list[Interaction], staged: Staged) -> Iterator[str]:
    """The oldest first."""
    kept = int(TRAINED * len(history))
    first, rest = history[:kept], history[kept:]
    if staged.asked < ASKED and _likes(first) and _likes(rest):
        staged.known += first
        staged.hidden += rest
        staged.asked += 1
    for place, each in enumerate(history):
        number = staged.items.setdefault(each.item, len(staged.items))
        yield f"{staged.users},{len(history) - 1 - place},{number},{each.weight},{each.time},{str(place >= kept).lower()}\n"
    staged.users += 1
    staged.rows += len(history)
    staged.likes += _likes(history)
    staged.first_time = min(staged.first_time, history[0].time)
    staged.last_time = max(staged.last_time, history[-1].time)


def _likes(rows: list[Interaction]) -> int:
    return sum(each.weight >= LIKE for each in rows)


def _write(lines: list[str], staged: Staged) -> None:
    (staged.directory / f"rows-{staged.rows:012}.csv").write_text("".join(lines), "utf-8")
