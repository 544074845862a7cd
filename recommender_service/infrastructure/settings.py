"""What the recommender is told by its environment, besides what every service is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mesh.environment import WrongSettings, read_number

_PREFIX = "REELMESH_RECOMMENDER_"
_BACKENDS = ("embedded", "spark")


@dataclass(frozen=True, kw_only=True)
class RecommenderSettings:
    """`models_dir` is shared by all replicas; `training_interval` in seconds, 0 for never by itself; `gate_tolerance` from 0 to 1;
    `spark_master` as Spark calls it."""

    models_dir: Path = Path("models")
    training_interval: float = 0.0
    gate_tolerance: float = 0.01
    training_backend: str = "embedded"
    spark_master: str = "local[*]"

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "RecommenderSettings":
        """Read from `REELMESH_RECOMMENDER_*`. Raises WrongSettings. By hand: the process that serves has no pydantic."""
        return cls(
            models_dir=Path(environment.get(f"{_PREFIX}MODELS_DIR", cls.models_dir)),
            training_interval=read_number(environment, f"{_PREFIX}TRAINING_INTERVAL", cls.training_interval, most=10 * 365 * 86_400.0),
            gate_tolerance=read_number(environment, f"{_PREFIX}GATE_TOLERANCE", cls.gate_tolerance, most=1.0),
            training_backend=_backend(environment, cls.training_backend),
            spark_master=environment.get(f"{_PREFIX}SPARK_MASTER", cls.spark_master),
        )


def _backend(environment: Mapping[str, str], default: str) -> str:
    name = f"{_PREFIX}TRAINING_BACKEND"
    chosen = environment.get(name, default)
    if chosen not in _BACKENDS:
        raise WrongSettings(f"{name}: {chosen!r} is none of {', '.join(_BACKENDS)}")
    return chosen
