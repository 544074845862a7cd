"""What a model is asked, and what would have been right.

`user80`: each user's first four fifths train, the rest is what should be listed. It sees the future of other users.
`stream`: all of the first four fifths of the time train; what follows is replayed, and each like is a question just before it happens.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from recommender_service.infrastructure.learning.arrays import Mask
from recommender_service.infrastructure.learning.data import LIKE, HistoryEvent, Interactions

TRAINED: Final = 0.8


@dataclass(frozen=True, slots=True)
class Question:
    """`history` is all that the user did before, the oldest first; `known` of it was there when the model was trained."""

    user: str
    history: Sequence[HistoryEvent]
    known: int
    right: frozenset[str]

    @property
    def likes(self) -> int:
        return sum(event.weight >= LIKE for event in self.history)


@dataclass(frozen=True, slots=True)
class Protocol:
    """`questions` has to be read in order: a history grows in place."""

    name: str
    train: Interactions
    questions: Callable[[], Iterator[Question]]


def user80(data: Interactions) -> Protocol:
    return last_likes("user80", *divided(data, TRAINED))


def divided(data: Interactions, share: float) -> tuple[Interactions, Interactions]:
    """Each user's first part, rounded down, and the rest."""
    place = np.arange(len(data)) - data.starts[data.user]
    first = place < np.floor(share * np.diff(data.starts)[data.user])
    return data.where(first), data.where(~first)


def last_likes(name: str, train: Interactions, rest: Interactions) -> Protocol:
    """Asks users with a like on both sides."""

    def questions() -> Iterator[Question]:
        for user, called in enumerate(train.users):
            right = frozenset(event.item for event in events(rest, user) if event.weight >= LIKE)
            history = events(train, user)
            if right and any(event.weight >= LIKE for event in history):
                yield Question(called, history, len(history), right)

    return Protocol(name, train, questions)


def stream(data: Interactions) -> Protocol:
    order = np.lexsort((data.item, data.user, data.time))
    first: Mask = np.zeros(len(data), dtype=bool)
    first[order[: int(TRAINED * len(data))]] = True
    train = data.where(first)

    def questions() -> Iterator[Question]:
        histories = [events(train, user) for user in range(len(data.users))]
        known = [len(history) for history in histories]
        for row in order[int(TRAINED * len(data)) :]:
            user, item, weight = int(data.user[row]), data.items[data.item[row]], float(data.weight[row])
            if weight >= LIKE:
                yield Question(data.users[user], histories[user], known[user], frozenset((item,)))
            histories[user].append(HistoryEvent(item, weight, float(data.time[row])))

    return Protocol("stream", train, questions)


PROTOCOLS: Final[Mapping[str, Callable[[Interactions], Protocol]]] = {"user80": user80, "stream": stream}


def events(data: Interactions, user: int) -> list[HistoryEvent]:
    """One user's rows, the oldest first."""
    rows = range(*data.starts_of(user))
    return [HistoryEvent(data.items[data.item[row]], float(data.weight[row]), float(data.time[row])) for row in rows]
