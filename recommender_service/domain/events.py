"""What happened, as other contexts are told."""

from dataclasses import dataclass

from recommender_service.domain.models import Model


@dataclass(frozen=True, slots=True)
class ModelActivated:
    model: Model
