"""The same model as the embedded backend's, learned by what Spark can spread over machines.

Taste and trail are implicit ALS (Hu, Koren, Volinsky 2008) instead of LightFM: of users and movies, and of movies and those that were liked
next. What a like adds to the user's side of the taste is ALS's own user vector with the confidence of one row left out of its matrix:
W = c·Y·(YᵀY + λ·I)⁻¹. XᵀX of the neighbours is summed up by Spark; EASE of it, 8,000 movies at most, is computed here.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recommender_service.infrastructure.learning.arrays import Floats
from recommender_service.infrastructure.learning.assembling import Parts, assembled, pasts_of
from recommender_service.infrastructure.learning.backend import SPARK, Tell, between
from recommender_service.infrastructure.learning.data import LIKE, WEAK, Catalogue, Interaction
from recommender_service.infrastructure.learning.errors import NothingToLearn
from recommender_service.infrastructure.learning.evaluation.gate import metrics
from recommender_service.infrastructure.learning.features import feature_table
from recommender_service.infrastructure.learning.folding import ridge_map
from recommender_service.infrastructure.learning.manifest import DataCut, Manifest
from recommender_service.infrastructure.learning.model import Model
from recommender_service.infrastructure.learning.neighbours import NeighbourTable, most_liked, table_of
from recommender_service.infrastructure.learning.parameters import Parameters
from recommender_service.infrastructure.learning.past import Past
from recommender_service.infrastructure.learning.spark.session import columns, session
from recommender_service.infrastructure.learning.spark.staging import SCHEMA, Staged, staged

_ROUNDS: Final = 10
_TRUST: Final = 8.0  # confidence of a like is 1 + this
_RIDGE: Final = 0.1  # Spark multiplies it by the number of likes
_FEATURE_RIDGE: Final = 5.0
_POPULAR: Final = 0.2  # deviations of the taste's scores that popularity moves them
_HEAVY: Final = 500  # of a longer history the first so many movies count for the neighbours: cost grows with the square

_Factors: TypeAlias = tuple[NDArray[np.int32], Floats]


@dataclass(frozen=True, slots=True)
class _Counted:
    """The movies of the rows that a model is made of: their numbers in the files, and their likes."""

    numbers: NDArray[np.int32]
    items: tuple[str, ...]
    likes: NDArray[np.int32]

    def placed(self, numbers: NDArray[np.int32], rows: Floats) -> Floats:
        """Rows of some movies among those of all; zeros for the others."""
        found = np.zeros((len(self.numbers), rows.shape[1]), np.float32)
        found[np.searchsorted(self.numbers, numbers)] = rows
        return found


class Spark:
    """The port Backend. `staging` is written and removed."""

    def __init__(self, master: str, staging: Path) -> None:
        self._master, self._staging = master, staging

    def learn(self, opinions: Iterable[Interaction], catalogue: Catalogue, parameters: Parameters, tell: Tell) -> Model:
        chosen = replace(parameters, backend=SPARK)
        with session(self._master) as spark, staged(opinions, self._staging) as data:
            # `liked` is there for counting: null where it is no like.
            rows = spark.read.csv(str(data.directory), schema=SCHEMA).selectExpr("*", f"nullif(weight >= {LIKE}, false) AS liked").cache()
            measured = _fitted(rows.where("NOT held"), data, catalogue, chosen, between(0.0, 0.45, tell))
            tell(0.45, "measuring")
            figures = metrics(measured, *data.hold_out(measured.items))
            return _fitted(rows, data, catalogue, chosen, between(0.5, 1.0, tell)).with_metrics(figures)


def _fitted(rows: Any, data: Staged, catalogue: Catalogue, parameters: Parameters, tell: Tell) -> Model:
    counted = _counted(rows, data)
    likes = rows.where(f"weight >= {LIKE}")
    tell(0.05, "learning what is liked by whom")
    (liked,) = _factors(likes.select("user", "item", "weight"), parameters.taste.components, parameters.seed, "itemFactors")
    tell(0.4, "learning what follows what")
    followed, sides = _followed(likes, parameters), ("itemFactors", "userFactors")
    after, before = _factors(followed, parameters.trail.components, parameters.seed + 1, *sides)
    tell(0.7, "finding neighbours")
    neighbours = _neighbours(rows, counted, parameters)
    tell(0.95, "bringing the parts to one scale")
    taste = counted.placed(*liked)
    sources = np.hstack((_folding(taste), counted.placed(*before))).astype(np.float32)
    known, _ = data.hold_out(counted.items)
    pasts = pasts_of(known, parameters)
    names, features = feature_table(counted.items, catalogue)
    whole = np.column_stack((taste, _bias(counted, taste, sources, pasts, parameters))).astype(np.float32)
    parts = Parts(
        counted.items,
        names,
        features,
        whole,
        ridge_map(features, whole, _FEATURE_RIDGE),
        np.column_stack((counted.placed(*after), np.zeros(len(counted.items)))).astype(np.float32),
        sources,
        neighbours,
        counted.likes,
    )
    model = assembled(parts, pasts, _manifest(rows, counted, parameters))
    tell(1.0, "trained")
    return model


def _counted(rows: Any, data: Staged) -> _Counted:
    numbers, likes = columns(rows.groupBy("item").agg({"liked": "count"}), np.int32, np.int32)
    if not likes.sum():
        raise NothingToLearn("there is no like among what is not held out")
    order, items = np.argsort(numbers), list(data.items)
    return _Counted(numbers[order], tuple(items[number] for number in numbers[order]), likes[order])


def _factors(frame: Any, components: int, seed: int, *sides: str) -> list[_Factors]:
    """Of each side numbers, and a row for each. Sides that are not asked for, such as all users, stay where they are."""
    from pyspark.ml.recommendation import ALS

    if frame.isEmpty():
        return [(np.zeros(0, np.int32), np.zeros((0, components), np.float32)) for _ in sides]
    als = ALS(
        rank=components,
        maxIter=_ROUNDS,
        implicitPrefs=True,
        alpha=_TRUST,
        regParam=_RIDGE,
        seed=seed,
        userCol="user",
        itemCol="item",
        ratingCol="weight",
        checkpointInterval=-1,
    )
    found = als.fit(frame)
    return [(numbers, rows) for numbers, rows in (columns(getattr(found, side), np.int32, np.float32) for side in sides)]


def _followed(likes: Any, parameters: Parameters) -> Any:
    """Which movie was liked soon after which, `user` the earlier and `item` the later one; the sooner the more."""
    pairs = None
    for gap in range(1, round(parameters.trail.fading) + 1):
        weight = np.exp(-(gap - 1) / parameters.trail.fading)
        later = f"lead(item, {gap}) OVER (PARTITION BY user ORDER BY back DESC)"
        found = likes.selectExpr("item AS earlier", f"{later} AS later", f"{weight} AS much").where("later IS NOT NULL")
        pairs = found if pairs is None else pairs.unionAll(found)
    assert pairs is not None  # noqa: S101  # there is a gap of one
    return (
        pairs.groupBy("earlier", "later")
        .agg({"much": "sum"})
        .selectExpr("earlier AS user", "later AS item", "log1p(`sum(much)`) AS weight")
    )


def _neighbours(rows: Any, counted: _Counted, parameters: Parameters) -> NeighbourTable:
    known = most_liked(counted.likes.astype(np.int64), parameters.neighbours)

    def gram(place: NDArray[np.int32]) -> Floats:
        from pyspark.sql.functions import broadcast

        spark = rows.sparkSession
        numbered = [(int(counted.numbers[row]), int(place[row])) for row in known]
        places = broadcast(spark.createDataFrame(numbered, "item int, col int"))
        weight = f"CASE WHEN weight >= {LIKE} THEN 1.0D ELSE {WEAK}D END"
        chosen = rows.where(f"back < {_HEAVY}").join(places, "item")
        one = chosen.selectExpr("user", "col AS one", f"{weight} AS of_one")
        other = chosen.selectExpr("user", "col AS other", f"{weight} AS of_other")
        pairs = one.join(other, "user").where("one <= other").selectExpr("one", "other", "of_one * of_other AS much")
        first, second, much = columns(pairs.groupBy("one", "other").agg({"much": "sum"}), np.int32, np.int32, np.float32)
        found = np.zeros((len(known), len(known)), np.float32)
        found[first, second] = found[second, first] = much
        return found

    return table_of(known, len(counted.items), gram, parameters.neighbours)


def _folding(vectors: Floats) -> Floats:
    """What a like adds to a user's vector."""
    inner = vectors.T.astype(np.float64) @ vectors + _RIDGE * np.eye(vectors.shape[1])
    return np.asarray((1 + _TRUST) * np.linalg.solve(inner, vectors.T.astype(np.float64)).T, np.float32)


def _bias(counted: _Counted, taste: Floats, sources: Floats, pasts: Sequence[Past], parameters: Parameters) -> Floats:
    """ALS has none: popularity, as a part of what the taste's scores deviate by."""
    users = [past.taste @ sources[past.rows, : parameters.taste.components] for past in pasts]
    deviation = float(np.mean([(taste @ user).std() for user in users])) if users else 1.0
    popular = np.log1p(counted.likes)
    return np.asarray(_POPULAR * deviation * (popular - popular.mean()) / max(float(popular.std()), 1e-6), np.float32)


def _manifest(rows: Any, counted: _Counted, parameters: Parameters) -> Manifest:
    users, count, likes, first, last, digest = rows.selectExpr(
        "count(DISTINCT user)", "count(*)", "count(liked)", "min(time)", "max(time)", "bit_xor(xxhash64(user, item, weight, time))"
    ).first()
    told = json.dumps([asdict(parameters), counted.items, counted.likes.tolist(), digest])
    version = hashlib.sha256(told.encode()).hexdigest()[:12]
    return Manifest(version, parameters, DataCut(users, len(counted.items), count, likes, first, last))
