"""A model that Spark has learned is measured, stored and served like one of the embedded backend's.

Skipped without pyspark or Java: `pip install -r requirements-spark.lock`, and a JRE such as Debian's default-jre-headless.
"""

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from recommender_service.infrastructure.learning.artefact import load, save
from recommender_service.infrastructure.learning.backend import backend_of
from recommender_service.infrastructure.learning.data import HistoryEvent
from recommender_service.infrastructure.learning.model import Model
from recommender_service.infrastructure.learning.parameters import Parameters, Taste, Trail
from tests.unit.recommender_learning.synthetic import CATALOGUE, COMEDIES, WARS
from tests.unit.recommender_learning.test_spark_staging import opinions

pytestmark = [
    pytest.mark.skipif(find_spec("pyspark") is None, reason="pyspark is not installed"),
    pytest.mark.skipif(shutil.which("java") is None, reason="there is no Java"),
    pytest.mark.filterwarnings("default"),  # pyspark's own
    pytest.mark.timeout(600),
]

SMALL = Parameters(taste=Taste(components=8, learning_rate=0.05, epochs=10), trail=Trail(components=8, epochs=5))


def learned(backend: str, folder: Path) -> Model:
    model = backend_of(backend, "local[2]", folder / "rows").learn(opinions(), CATALOGUE, SMALL, lambda share, stage: None)
    save(model, folder / backend)
    return load(folder / backend)


def test_a_model_of_spark_is_stored_served_and_measured_like_the_embedded_one(tmp_path: Path) -> None:
    spark, embedded = (learned(backend, tmp_path) for backend in ("spark", "embedded"))
    assert not (tmp_path / "rows").exists()
    assert (spark.manifest.parameters.backend, embedded.manifest.parameters.backend) == ("spark", "embedded")
    assert spark.manifest.data == embedded.manifest.data
    assert sorted(spark.items) == sorted(embedded.items)
    assert spark.manifest.metrics.keys() == embedded.manifest.metrics.keys()
    assert spark.manifest.metrics["ndcg@10"] >= 0.8 * embedded.manifest.metrics["ndcg@10"] > 0

    history = [HistoryEvent(item) for item in COMEDIES[:3]]
    assert set(spark.rank(history, 10).items) <= set(COMEDIES) - set(COMEDIES[:3])
    assert set(spark.similar(WARS[0], 5).items) <= set(WARS)
    assert set(spark.cold(["War"], 5).items) <= set(WARS)
    explained = spark.explain(history, COMEDIES[5])
    assert explained is not None
    assert explained.score == pytest.approx(spark.scores(history)[spark.items.index(COMEDIES[5])], rel=1e-3)
