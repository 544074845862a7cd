"""What a model is asked, and what would have been right.

`user80`: each user's first four fifths train, the rest is what should be listed. It sees the future of other users.
`stream`: all of the first four fifths of the time train; what follows is replayed, and each like is a question just before it happens.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from recommender_service.infrastructure.learning.arrays import Mask
from recommender_service.infrastructure.learning.data import HistoryEvent, Interactions

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
        return sum(event.weight >= 1 for event in self.history)


@dataclass(frozen=True, slots=True)
class Protocol:
    """`questions` has to be read in order: a history grows in place."""

    name: str
    train: Interactions
    questions: Callable[[], Iterator[Question]]


def user80(data: Interactions, share: float = TRAINED) -> Protocol:
    """Users with a like on both sides."""
    place = np.arange(len(data)) - data.starts[data.user]
    first = place < np.floor(share * np.diff(data.starts)[data.user])
    train, rest = data.where(first), data.where(~first)

    def questions() -> Iterator[Question]:
        for user, name in enumerate(data.users):
            history = events(train, user)
            right = frozenset(event.item for event in events(rest, user) if event.weight >= 1)
            if right and any(event.weight >= 1 for event in history):
                yield Question(name, history, len(history), right)

    return Protocol("user80", train, questions)


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
            if weight >= 1:
                yield Question(data.users[user], histories[user], known[user], frozenset((item,)))
            histories[user].append(HistoryEvent(item, weight, float(data.time[row])))

    return Protocol("stream", train, questions)


PROTOCOLS: Final[Mapping[str, Callable[[Interactions], Protocol]]] = {"user80": user80, "stream": stream}


def events(data: Interactions, user: int) -> list[HistoryEvent]:
    """One user's rows, the oldest first."""
    rows = range(*data.starts_of(user))
    return [HistoryEvent(data.items[data.item[row]], float(data.weight[row]), float(data.time[row])) for row in rows]
