"""From scores to a list: the best few, and among those a list that does not say the same ten times."""

from dataclasses import dataclass

import numpy as np

from recommender_service.infrastructure.learning.arrays import Floats, Rows, Scores


@dataclass(frozen=True, slots=True)
class Ranking:
    """Best first; scores are comparable within one list only. `unknown` are ids of the question that the model does not know."""

    items: tuple[str, ...]
    scores: tuple[float, ...]
    unknown: tuple[str, ...] = ()


def best(scores: Scores, count: int) -> Rows:
    """Places of the highest scores, best first; −∞ is no candidate. Equal scores keep their order."""
    if count <= 0:
        return np.zeros(0, np.intp)
    if count < len(scores):
        edge = np.partition(scores, len(scores) - count)[len(scores) - count]
        chosen = np.flatnonzero(scores >= edge)  # all that equal the last one, so that the order alone decides
    else:
        chosen = np.arange(len(scores))
    chosen = chosen[np.isfinite(scores[chosen])]
    ordered: Rows = chosen[np.argsort(-scores[chosen], kind="stable")]
    return ordered[:count]


def diverse(scores: Scores, likeness: Floats, count: int, diversity: float) -> Rows:
    """Places of a list in which each next one is good and unlike those before it, `diversity` from 0 to 1.

    Maximal marginal relevance (Carbonell, Goldstein 1998) with the mean likeness to the list so far; scores in their own deviations.
    """
    if not len(scores):
        return np.zeros(0, np.intp)
    spread = float(scores.std()) or 1.0
    merit = (1 - diversity) * (scores - scores.max()) / spread
    alike = np.zeros(len(scores), np.float32)
    chosen: list[int] = []
    for place in range(min(count, len(scores))):
        value = merit - diversity * alike / max(1, place)
        value[chosen] = -np.inf
        chosen.append(int(value.argmax()))
        alike += likeness[chosen[-1]]
    return np.array(chosen, np.intp)
