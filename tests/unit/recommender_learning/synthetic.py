"""Invented people of two tastes: some like comedies of the nineties, some like war films of the seventies, and a few like both."""

import random
from functools import cache

from recommender_service.infrastructure.learning.data import LIKE, WEAK, Catalogue, Features, Interaction, Interactions
from recommender_service.infrastructure.learning.model import Model
from recommender_service.infrastructure.learning.parameters import Parameters, Taste, Trail
from recommender_service.infrastructure.learning.train import train

QUICK = Parameters(taste=Taste(components=8, learning_rate=0.05, epochs=10), trail=Trail(components=8, epochs=5))
COMEDIES = tuple(f"comedy-{number}" for number in range(20))
WARS = tuple(f"war-{number}" for number in range(20))
CATALOGUE = Catalogue({**{item: Features(("Comedy",), 1995) for item in COMEDIES}, **{item: Features(("War",), 1974) for item in WARS}})


def interactions(users: int = 60) -> Interactions:
    draw = random.Random(7)
    rows = []
    for user in range(users):
        own, other = (COMEDIES, WARS) if user % 2 else (WARS, COMEDIES)
        chosen = [(item, LIKE) for item in draw.sample(own, 10)] + [(item, WEAK) for item in draw.sample(other, 2)]
        draw.shuffle(chosen)
        rows += [Interaction(f"user-{user}", item, weight, 1_000.0 + place) for place, (item, weight) in enumerate(chosen)]
    return Interactions.of(rows)


@cache
def model() -> Model:
    return train(interactions(), CATALOGUE, QUICK)
