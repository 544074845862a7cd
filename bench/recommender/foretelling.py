"""How well the recommender foretells a data set: the whole way from training over the artefact to lists, mean of some seeds.

On `user80` it sees other users' future, and the times of MovieLens are the order of its own pages: figures are comparable with others
of the same protocol and say little about other services. `stream` sees no future.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from statistics import fmean

from bench.measuring import Figure
from recommender_service.infrastructure.learning.data import Catalogue, Interactions
from recommender_service.infrastructure.learning.evaluation.asking import Frozen, Live, ask
from recommender_service.infrastructure.learning.evaluation.cold import cold_items, cold_users
from recommender_service.infrastructure.learning.evaluation.movielens_data import Data, read
from recommender_service.infrastructure.learning.evaluation.protocols import Protocol, stream, user80
from recommender_service.infrastructure.learning.evaluation.report import through_artefact
from recommender_service.infrastructure.learning.model import Model
from recommender_service.infrastructure.learning.parameters import Parameters

DIVERSITY = 0.65  # of the list that is compared with the plain one
_REVEALED = (1, 2, 5)

Found = dict[str, float]


def foretelling(path: Path, name: str, seeds: int, targets: Mapping[str, float], *, whole: bool) -> list[Figure]:
    """`whole`: with the stream, cold movies and users, and diversity; their targets are for ml-100k."""
    data = read(path)
    runs = [_user80(data, seed, whole) | (_stream(data, seed) | _cold(data, seed) if whole else {}) for seed in range(1, seeds + 1)]
    means = {each: fmean(run[each] for run in runs) for each in runs[0]}
    figures = [Figure(f"{name}, {each}", value, at_least=_least(each, targets), at_most=_most(each)) for each, value in means.items()]
    spread = max(run["user80 ndcg@10"] for run in runs) - min(run["user80 ndcg@10"] for run in runs)
    return [*figures, Figure(f"{name}, user80 ndcg@10: highest less lowest seed", spread)]


def _least(name: str, targets: Mapping[str, float]) -> float | None:
    protocol, _, metric = name.partition(" ")
    if protocol == "user80":
        return targets.get(metric)
    return {"stream hr@10, live": 0.225, "cold movies ndcg@10": 0.22, "cold movies auc": 0.76, "diversity gained": 0.05}.get(name)


def _most(name: str) -> float | None:
    return {"ndcg@10 given for diversity": 0.007, "training seconds": 25.0}.get(name)


def _user80(data: Data, seed: int, diversity: bool) -> Found:
    protocol = user80(data.interactions)
    began = time.perf_counter()
    model = _trained(protocol.train, data.catalogue, seed)
    seconds = time.perf_counter() - began
    plain = ask(Live(model), protocol).means()
    found = {f"user80 {metric}": plain[metric] for metric in ("ndcg@10", "recall@20", "map@10", "coverage@10", "novelty@10")}
    found["training seconds"] = seconds
    if diversity:
        varied = ask(Live(model, DIVERSITY), protocol).means()
        found["diversity gained"] = _unlikeness(model, protocol, DIVERSITY) / _unlikeness(model, protocol, 0) - 1
        found["ndcg@10 given for diversity"] = 1 - varied["ndcg@10"] / plain["ndcg@10"]
    return found


def _stream(data: Data, seed: int) -> Found:
    protocol = stream(data.interactions)
    model = _trained(protocol.train, data.catalogue, seed)
    live, frozen = ask(Live(model), protocol).means(), ask(Frozen(model), protocol).means()
    return {
        "stream hr@10, live": live["hr@10"],
        "stream ndcg@10, live": live["ndcg@10"],
        "stream hr@10, frozen at the training": frozen["hr@10"],
    }


def _cold(data: Data, seed: int) -> Found:
    def train(known: Interactions, catalogue: Catalogue) -> Model:
        return _trained(known, catalogue, seed)

    movies = cold_items(data.interactions, data.catalogue, seed, train)
    found = {"cold movies ndcg@10": movies.ndcg, "cold movies auc": movies.auc}
    for users in cold_users(data.interactions, data.catalogue, seed, train, _REVEALED):
        found[f"ndcg@10 after {users.revealed} likes of a new user"] = users.ndcg
        found[f"ndcg@10 after {users.revealed} likes of a new user: popular"] = users.popular
    return found


def _trained(known: Interactions, catalogue: Catalogue, seed: int) -> Model:
    return through_artefact(known, catalogue, replace(Parameters(), seed=seed))


def _unlikeness(model: Model, protocol: Protocol, diversity: float) -> float:
    """How unlike the features of two movies of one list are, on average."""
    return fmean(_of_list(model, model.rank(question.history, 10, diversity=diversity).items) for question in protocol.questions())


def _of_list(model: Model, items: Iterable[str]) -> float:
    likeness = model.shelf.likeness(model.shelf.rows_of(items))
    return fmean(1 - float(likeness[one, other]) for one, other in combinations(range(len(likeness)), 2))
