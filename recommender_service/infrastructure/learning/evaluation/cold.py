"""Little data: movies that nobody has rated yet, and users of whom little is known."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

import numpy as np

from recommender_service.infrastructure.learning.data import LIKE, Catalogue, HistoryEvent, Interaction, Interactions
from recommender_service.infrastructure.learning.evaluation.metrics import ndcg
from recommender_service.infrastructure.learning.evaluation.protocols import events
from recommender_service.infrastructure.learning.model import Model

REMOVED: Final = 0.2  # of the movies with some likes: 201 of MovieLens 100k
FEWEST_LIKES: Final = 5  # of a movie that is taken away: hardly any question has a rarer one for an answer
NEW_USERS: Final = 0.2
_NEXT: Final = 10  # likes that should be listed

Trains = Callable[[Interactions, Catalogue], Model]


@dataclass(frozen=True, slots=True)
class ColdItems:
    """Means over users who like one of the new movies and one of the others; lists are of new movies only."""

    movies: int
    ndcg: float
    auc: float


def cold_items(data: Interactions, catalogue: Catalogue, seed: int, train: Trains) -> ColdItems:
    """A fifth of the movies is taken away before the training and comes back as newcomers, of which only the features are known."""
    draw = np.random.default_rng(seed)
    liked = np.flatnonzero(np.bincount(data.item[data.liked], minlength=len(data.items)) >= FEWEST_LIKES)
    new = {data.items[row] for row in draw.permutation(liked)[: int(REMOVED * len(liked))]}
    known = Interactions.of(_without(data, new), [item for item in data.items if item not in new])
    features = catalogue.features
    model = train(known, Catalogue({item: features[item] for item in known.items}))
    model = model.with_items({item: features[item] for item in sorted(new)})
    mask = model.mask(new)
    figures = []
    for user in range(len(data.users)):
        history = events(data, user)
        before = [event for event in history if event.item not in new]
        right = {event.item for event in history if event.item in new and event.weight >= LIKE}
        if right and any(event.weight >= LIKE for event in before):
            listed = model.rank(before, len(new), allowed=mask).items
            figures.append((ndcg(listed[:10], right), auc(listed, right)))
    return ColdItems(len(new), fmean(each for each, _ in figures), fmean(each for _, each in figures))


def auc(listed: Sequence[str], right: set[str]) -> float:
    """How often a movie that is right stands before one that is not; a list of right ones only is perfect."""
    places = [place for place, item in enumerate(listed) if item in right]
    wrong = len(listed) - len(places)
    before = sum(place - found for found, place in enumerate(places))  # wrong ones before each right one
    return 1 - before / (wrong * len(places)) if wrong and places else 1.0


@dataclass(frozen=True, slots=True)
class ColdUsers:
    """nDCG@10 of the next likes after the first `revealed` ones: the model's, and that of what is popular."""

    revealed: int
    ndcg: float
    popular: float


def cold_users(data: Interactions, catalogue: Catalogue, seed: int, train: Trains, revealed: Sequence[int]) -> list[ColdUsers]:
    """The training has not seen a fifth of the users."""
    draw = np.random.default_rng(seed)
    new = draw.permutation(len(data.users))[: int(NEW_USERS * len(data.users))]
    known = data.where(~np.isin(data.user, new))
    model = train(known, catalogue)
    popular = [data.items[row] for row in np.argsort(-np.bincount(known.item[known.liked], minlength=len(data.items)), kind="stable")]
    histories = [[event for event in events(data, user) if event.weight >= LIKE] for user in sorted(new.tolist())]
    found = []
    for count in revealed:
        asked = [(likes[:count], {event.item for event in likes[count : count + _NEXT]}) for likes in histories if len(likes) > count]
        ours = fmean(ndcg(model.rank(before, 10).items, right) for before, right in asked)
        found.append(ColdUsers(count, ours, fmean(ndcg(_others(popular, before), right) for before, right in asked)))
    return found


def _others(popular: Sequence[str], before: Sequence[HistoryEvent]) -> Sequence[str]:
    known = {event.item for event in before}
    return [item for item in popular[: 10 + len(known)] if item not in known][:10]


def _without(data: Interactions, items: set[str]) -> Iterator[Interaction]:
    for user, name in enumerate(data.users):
        yield from (Interaction(name, event.item, event.weight, event.time) for event in events(data, user) if event.item not in items)
