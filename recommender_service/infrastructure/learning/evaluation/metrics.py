"""Figures made of lists and what would have been right. Binary relevance; the best possible list scores 1."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Final

LENGTH: Final = 20  # of the lists that are asked for
_TOP: Final = 10
_DISCOUNTS: Final = tuple(1 / math.log2(place + 2) for place in range(_TOP))


def ndcg(listed: Sequence[str], right: Collection[str]) -> float:
    gained = sum(discount for item, discount in zip(listed, _DISCOUNTS, strict=False) if item in right)
    return gained / sum(_DISCOUNTS[: len(right)])


def recall(listed: Sequence[str], right: Collection[str]) -> float:
    return sum(item in right for item in listed[:LENGTH]) / min(len(right), LENGTH)


def average_precision(listed: Sequence[str], right: Collection[str]) -> float:
    found, total = 0, 0.0
    for place, item in enumerate(listed[:_TOP], 1):
        if item in right:
            found += 1
            total += found / place
    return total / min(len(right), _TOP)


@dataclass(slots=True)
class Figures:
    """Add each answer; ask in the end. `knowing` is how many users of the training have each movie."""

    catalogue: int
    users: int
    knowing: Mapping[str, int]
    per_answer: dict[str, list[float]] = field(default_factory=lambda: {"ndcg@10": [], "recall@20": [], "map@10": [], "hr@10": []})
    novelty: list[float] = field(default_factory=list)
    likes: list[int] = field(default_factory=list)
    listed: set[str] = field(default_factory=set)

    def add(self, listed: Sequence[str], right: Collection[str], likes: int) -> None:
        top = listed[:_TOP]
        found = (ndcg(listed, right), recall(listed, right), average_precision(listed, right), float(any(item in right for item in top)))
        for figures, figure in zip(self.per_answer.values(), found, strict=True):
            figures.append(figure)
        self.likes.append(likes)
        self.listed.update(top)
        # Nobody knowing a movie counts as one user: novelty stays a number.
        self.novelty += [-math.log2(max(self.knowing.get(item, 0), 1) / self.users) for item in top]

    def means(self) -> dict[str, float]:
        means = {name: _mean(figures) for name, figures in self.per_answer.items()}
        return {**means, "coverage@10": len(self.listed) / self.catalogue, "novelty@10": _mean(self.novelty)}

    def by_likes(self, name: str, edges: Sequence[int]) -> list[tuple[int, float, int]]:
        """(fewest likes, mean, answers) of each group of answers that is not empty."""
        found = []
        for least, end in zip(edges, [*edges[1:], 1 << 31], strict=True):
            inside = [figure for figure, likes in zip(self.per_answer[name], self.likes, strict=True) if least <= likes < end]
            if inside:
                found.append((least, fmean(inside), len(inside)))
        return found


def _mean(figures: Iterable[float]) -> float:
    return fmean(found) if (found := list(figures)) else 0.0
