"""From a directory of files to a table, JSON and a picture; and one sentence when there is no data set."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SHARED = Path(os.environ.get("REELMESH_MOVIELENS") or ROOT.parent / "shared" / "data" / "ml-latest-small")
MODELS = {
    "most popular",
    "item-kNN, cosine",
    "implicit ALS",
    "EASE",
    "LightFM WARP, defaults",
    "LightFM WARP, tuned",
    "LightFM hybrid",
    "reelmesh",
}
METRICS = {"ndcg@10", "recall@20", "map@10", "coverage@10", "novelty@10", "train_seconds"}


def _evaluate(*arguments: str, timeout: float = 100) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-P", "-m", "stack", "evaluate", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, timeout=timeout, cwd="/", env={**os.environ, "COLUMNS": "200"}, check=False)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two kinds of people and of movies; one row that is none."""
    folder, draw = tmp_path_factory.mktemp("movielens") / "tiny", random.Random(3)
    folder.mkdir()
    movies = "".join(f"{movie},Film {movie} ({1970 + movie % 30}),{'Comedy' if movie % 2 else 'War'}\n" for movie in range(1, 41))
    ratings = "".join(
        f"{user},{movie},{5.0 if movie % 2 == user % 2 else 2.0},{1_000_000 + 100 * user + place}\n"
        for user in range(1, 31)
        for place, movie in enumerate(draw.sample(range(1, 41), 20))
    )
    (folder / "movies.csv").write_text(f"movieId,title,genres\n{movies}")
    (folder / "ratings.csv").write_text(f"userId,movieId,rating,timestamp\n{ratings}1,1,nine,5\n")
    return folder


def test_json_has_a_row_for_each_model_and_the_picture_is_one(dataset: Path, tmp_path: Path) -> None:
    done = _evaluate(str(dataset), "--seeds", "1", "--json", "--plot", str(tmp_path / "plot.png"))
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["data"], report["protocol"], report["seeds"]) == ("tiny", "user80", 1)
    assert {row["name"] for row in report["models"]} == MODELS
    figures = {row["name"]: row for row in report["models"]}
    assert all(row.keys() >= METRICS for row in report["models"])
    assert figures["reelmesh"]["ndcg@10"] > figures["most popular"]["ndcg@10"]
    assert (tmp_path / "plot.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert "1 ratings could not be read" in done.stderr


def test_the_stream_tells_live_from_frozen(dataset: Path) -> None:
    done = _evaluate(str(dataset), "--protocol", "stream", "--seeds", "1", "--without-baselines")
    assert done.returncode == 0, done.stderr
    assert "tiny, stream, mean of 1 seeds" in done.stdout
    assert "reelmesh, frozen at the training" in done.stdout


@pytest.mark.parametrize("what", ["", "empty"])
def test_what_is_no_data_set_is_said_in_a_sentence(tmp_path: Path, what: str) -> None:
    (tmp_path / "empty").mkdir()
    done = _evaluate(str(tmp_path / (what or "missing")))
    assert done.returncode == 1
    assert done.stderr.startswith("reelmesh: ")
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.exists(), reason="MovieLens latest-small is not here")
def test_latest_small_reaches_its_targets() -> None:
    done = _evaluate(str(SHARED), "--without-baselines", "--json", timeout=1_500)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)["models"][0]
    assert figures["ndcg@10"] >= 0.130
    assert figures["recall@20"] >= 0.195
    assert figures["map@10"] >= 0.064
