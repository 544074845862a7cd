"""What can be chosen about a model. The defaults were found on validation splits of MovieLens 100k and latest-small."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Taste:
    """The tower over whole users: LightFM WARP with movie and features."""

    components: int = 64
    learning_rate: float = 0.02
    epochs: int = 50
    item_alpha: float = 1e-4
    max_sampled: int = 100
    ridge: float = 10.0
    fading: float = 10.0  # likes until a like counts 1/e of the newest
    floor: float = 0.1  # what even the oldest like counts


@dataclass(frozen=True, slots=True)
class Trail:
    """The tower over the order of likes: LightFM WARP from the last likes to the next ones."""

    components: int = 64
    learning_rate: float = 0.05
    epochs: int = 15
    max_sampled: int = 50
    length: int = 20
    following: int = 3
    fading: float = 5.0


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Which movies speak for which: EASE over what users chose."""

    ridge: float = 300.0
    fewest_likes: int = 2
    most_items: int = 8_000  # the most liked ones: cost grows with the cube
    kept: int = 200  # weights of each movie
    history: int = 100  # events that count
    fading: float = 10.0
    floor: float = 0.1


@dataclass(frozen=True, slots=True)
class Shares:
    """How much each part moves the score, in standard deviations."""

    taste: float = 0.45
    trail: float = 0.55
    neighbours: float = 0.15


@dataclass(frozen=True, slots=True)
class Parameters:
    taste: Taste = Taste()
    trail: Trail = Trail()
    neighbours: Neighbours = Neighbours()
    shares: Shares = Shares()
    seed: int = 1
    backend: str = "embedded"  # who learned it
    most_samples: int = 20_000_000  # positives that each tower sees in all; larger data get fewer epochs
