"""The life of a model, the gate in front of it, and the training that makes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum
from typing import Final

from recommender_service.domain.errors import ModelRefused

# What a model is judged by, on what was held out of its own training.
GATE_METRIC: Final = "ndcg@10"


class ModelState(IntEnum):
    """TRAINED → ACTIVE ⇄ RETIRED, or TRAINED → REFUSED; the numbers are stored."""

    TRAINED = 1
    ACTIVE = 2
    RETIRED = 3
    REFUSED = 4


class TrainingState(IntEnum):
    """PENDING → RUNNING → SUCCEEDED or FAILED; the numbers are stored."""

    PENDING = 1
    RUNNING = 2
    SUCCEEDED = 3
    FAILED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What is known of a model besides its arrays, which are in a directory of its id."""

    model_id: str
    state: ModelState
    create_time: datetime
    metrics: Mapping[str, float] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    users: int = 0
    movies: int = 0
    interactions: int = 0
    data_time: datetime | None = None
    activate_time: datetime | None = None
    refusal: str = ""

    def activated(self, active: "Model | None", tolerance: float, now: datetime) -> "Model":
        """One that was active before may always come back; a new one has to pass the gate. Raises ModelRefused."""
        if self.state is ModelState.ACTIVE:
            return self
        if self.state is ModelState.REFUSED:
            raise ModelRefused(self.model_id, self.refusal)
        if self.state is ModelState.TRAINED:
            reason = gate(self, active, tolerance)
            if reason:
                raise ModelRefused(self.model_id, reason)
        return replace(self, state=ModelState.ACTIVE, activate_time=now)

    def retired(self) -> "Model":
        return replace(self, state=ModelState.RETIRED)

    def refused(self, reason: str) -> "Model":
        return replace(self, state=ModelState.REFUSED, refusal=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """One making of a model; `model_id` is chosen when it is asked for."""

    training_id: str
    model_id: str
    state: TrainingState
    create_time: datetime
    seed: int = 0
    keep_inactive: bool = False
    progress: float = 0.0
    stage: str = ""
    error: str = ""
    end_time: datetime | None = None

    @property
    def has_ended(self) -> bool:
        return self.state in (TrainingState.SUCCEEDED, TrainingState.FAILED)


def gate(model: Model, active: Model | None, tolerance: float) -> str:
    """Why the model may not replace the active one; empty when it may. Each was measured on its own hold-out, so the figures are close
    but not of the same data: `tolerance` is how much lower the new one may be."""
    if active is None:
        return ""
    mine, other = model.metrics.get(GATE_METRIC, 0.0), active.metrics.get(GATE_METRIC, 0.0)
    if mine >= other - tolerance:
        return ""
    return f"its {GATE_METRIC} is {mine:.4f}, that of the active model {other:.4f}, and {tolerance:g} less is allowed"
