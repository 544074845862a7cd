"""What a model tells of itself."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from recommender_service.infrastructure.learning.parameters import Neighbours, Parameters, Shares, Taste, Trail


@dataclass(frozen=True, slots=True)
class DataCut:
    """What it learned from; times in seconds since 1970."""

    users: int
    items: int
    interactions: int
    likes: int
    first_time: float
    last_time: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """`version` follows from data and parameters: the same of both make the same model."""

    version: str
    parameters: Parameters
    data: DataCut
    metrics: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "metrics": dict(self.metrics)}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Manifest":
        """KeyError or TypeError when something is missing or too much."""
        chosen = dict(told["parameters"])
        parts = {"taste": Taste, "trail": Trail, "neighbours": Neighbours, "shares": Shares}
        parameters = Parameters(**{name: parts[name](**each) if name in parts else each for name, each in chosen.items()})
        metrics = {str(name): float(value) for name, value in told["metrics"].items()}
        return cls(str(told["version"]), parameters, DataCut(**told["data"]), metrics)
