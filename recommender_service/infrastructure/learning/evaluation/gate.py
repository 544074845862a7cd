"""What a new model is worth before it is served: measured on the last likes of some users, which it was not trained on."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Final

from recommender_service.infrastructure.learning.data import Interactions
from recommender_service.infrastructure.learning.evaluation.asking import Live, ask
from recommender_service.infrastructure.learning.evaluation.protocols import divided, last_likes
from recommender_service.infrastructure.learning.model import Model

TRAINED: Final = 0.9
ASKED: Final = 2_000  # users


def hold_out(interactions: Interactions) -> tuple[Interactions, Interactions]:
    """What to train on, and what to measure with. Only models that were measured with the same are comparable."""
    return divided(interactions, TRAINED)


def metrics(model: Model, known: Interactions, hidden: Interactions) -> Mapping[str, float]:
    """`ndcg@10` and others, all from 0 up and the more the better, 0 when there is nothing to ask."""
    protocol = last_likes("hold-out", known, hidden)
    return ask(Live(model), replace(protocol, questions=lambda: islice(protocol.questions(), ASKED))).means()
