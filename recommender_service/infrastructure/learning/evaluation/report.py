"""One evaluation: every model learns, answers, and gets a row of figures; means over seeds."""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from recommender_service.infrastructure.learning.artefact import load, save
from recommender_service.infrastructure.learning.data import Catalogue, Interactions
from recommender_service.infrastructure.learning.evaluation.asking import Answers, Frozen, Live, ask
from recommender_service.infrastructure.learning.evaluation.baselines import BASELINES
from recommender_service.infrastructure.learning.evaluation.metrics import Figures
from recommender_service.infrastructure.learning.evaluation.movielens_data import Data
from recommender_service.infrastructure.learning.evaluation.protocols import PROTOCOLS, Protocol
from recommender_service.infrastructure.learning.model import Model
from recommender_service.infrastructure.learning.parameters import Parameters
from recommender_service.infrastructure.learning.train import train

OURS: Final = "reelmesh"
EDGES: Final = (0, 1, 2, 3, 5, 10, 20, 50, 100)  # groups of questions by the number of likes before them
_SEEDLESS: Final = ("most popular", "item-kNN, cosine", "EASE")

Tell = Callable[[str], None]
Learns = Callable[[Interactions, Catalogue, int], Mapping[str, Answers]]  # from one training, by what the row is called


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of one model; `by_likes` are (fewest likes, hit rate at 10, questions)."""

    name: str
    figures: Mapping[str, float]
    by_likes: Sequence[tuple[int, float, int]]

    def as_json(self) -> dict[str, Any]:
        by_likes = [{"likes_from": least, "hr@10": rate, "questions": count} for least, rate, count in self.by_likes]
        return {"name": self.name, **self.figures, "by_likes": by_likes}


@dataclass(frozen=True, slots=True)
class Report:
    data: str
    protocol: str
    seeds: int
    rows: Sequence[Row]

    def as_json(self) -> dict[str, Any]:
        return {"data": self.data, "protocol": self.protocol, "seeds": self.seeds, "models": [row.as_json() for row in self.rows]}


def evaluate(data: Data, protocol_name: str, seeds: int, tell: Tell, *, baselines: bool = True, ours: Learns | None = None) -> Report:
    """Seeds are 1, 2, …; what does not depend on one is measured once. Ours is the last."""
    protocol = PROTOCOLS[protocol_name](data.interactions)
    rows: list[Row] = []
    for name, learn in BASELINES.items() if baselines else ():
        rows += _rows(name, lambda *of, name=name, learn=learn: {name: learn(*of)}, protocol, data, 1 if name in _SEEDLESS else seeds, tell)
    rows += _rows(OURS, ours or _ours(protocol), protocol, data, seeds, tell)
    return Report(data.name, protocol.name, seeds, rows)


def through_artefact(train_part: Interactions, catalogue: Catalogue, parameters: Parameters) -> Model:
    """As the service does it: trained, written, read, and completed with what nobody knows yet."""
    with tempfile.TemporaryDirectory(prefix="reelmesh-evaluate-") as folder:
        save(train(train_part, catalogue, parameters), Path(folder) / "model")
        return load(Path(folder) / "model").with_items(catalogue.features)


def _ours(protocol: Protocol) -> Learns:
    def learn(train_part: Interactions, catalogue: Catalogue, seed: int) -> Mapping[str, Answers]:
        model = through_artefact(train_part, catalogue, replace(Parameters(), seed=seed))
        frozen = {f"{OURS}, frozen at the training": Frozen(model)} if protocol.name == "stream" else {}
        return {**frozen, OURS: Live(model)}

    return learn


def _rows(name: str, learn: Learns, protocol: Protocol, data: Data, seeds: int, tell: Tell) -> list[Row]:
    found: dict[str, list[tuple[Figures, float]]] = {}
    for seed in range(1, seeds + 1):
        tell(f"{name}, seed {seed} of {seeds}")
        began = time.perf_counter()
        answering = learn(protocol.train, data.catalogue, seed)
        seconds = time.perf_counter() - began
        for called, answers in answering.items():
            found.setdefault(called, []).append((ask(answers, protocol), seconds))
    return [_row(called, runs) for called, runs in found.items()]


def _row(name: str, runs: Sequence[tuple[Figures, float]]) -> Row:
    means = [{**figures.means(), "train_seconds": seconds} for figures, seconds in runs]
    groups = [figures.by_likes("hr@10", EDGES) for figures, _ in runs]  # the same groups for each seed
    by_likes = [(same[0][0], fmean(rate for _, rate, _ in same), same[0][2]) for same in zip(*groups, strict=True)]
    return Row(name, {each: fmean(run[each] for run in means) for each in means[0]}, by_likes)
