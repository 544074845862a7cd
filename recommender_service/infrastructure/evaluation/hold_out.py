"""What a freshly trained model is worth: measured on the last likes of some users, which it was not trained on."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Final

from recommender_service.infrastructure.evaluation.asking import Live, ask
from recommender_service.infrastructure.evaluation.protocols import Protocol, user80
from recommender_service.infrastructure.learning.data import Interactions
from recommender_service.infrastructure.learning.model import Model

_TRAINED: Final = 0.9
_ASKED: Final = 2_000  # users


def hold_out(interactions: Interactions) -> Protocol:
    """Train on `.train`, then `measure`. Two models are comparable on the same hold-out only."""
    protocol = user80(interactions, _TRAINED)
    return replace(protocol, name="hold-out", questions=lambda: islice(protocol.questions(), _ASKED))


def measure(model: Model, protocol: Protocol) -> Mapping[str, float]:
    return ask(Live(model), protocol).means()
