"""Asks a model the questions of a protocol."""

from collections.abc import Sequence
from typing import Protocol as Port

import numpy as np

from recommender_service.infrastructure.learning.evaluation.metrics import LENGTH, Figures
from recommender_service.infrastructure.learning.evaluation.protocols import Protocol, Question
from recommender_service.infrastructure.learning.model import Model


class Answers(Port):
    """What can be measured: lists for a question, without anything of its history."""

    def __call__(self, question: Question, count: int) -> Sequence[str]: ...


def ask(answers: Answers, protocol: Protocol) -> Figures:
    train = protocol.train
    knowing = dict(zip(train.items, np.bincount(train.item, minlength=len(train.items)).tolist(), strict=True))
    figures = Figures(len(train.items), max(1, len(np.unique(train.user))), knowing)
    for question in protocol.questions():
        figures.add(answers(question, LENGTH), question.right, question.likes)
    return figures


class Live:
    """The model as it is served: all of the history counts, up to the last event."""

    def __init__(self, model: Model, diversity: float = 0.0) -> None:
        self._model, self._diversity = model, diversity

    def __call__(self, question: Question, count: int) -> Sequence[str]:
        return self._model.rank(question.history, count, diversity=self._diversity).items


class Frozen:
    """The same model as a service would have it that learns of users at the next training only."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def __call__(self, question: Question, count: int) -> Sequence[str]:
        since = [event.item for event in question.history[question.known :]]
        return self._model.rank(question.history[: question.known], count, exclude=since).items
