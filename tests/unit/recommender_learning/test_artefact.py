"""The artefact: whole or not there, and refused with a reason when it is not what was written."""

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommender_service.infrastructure.learning.artefact import load, save
from recommender_service.infrastructure.learning.data import HistoryEvent
from recommender_service.infrastructure.learning.errors import BrokenArtefact
from recommender_service.infrastructure.learning.model import Model
from recommender_service.infrastructure.learning.nearest import Nearest
from tests.unit.recommender_learning import synthetic
from tests.unit.recommender_learning.synthetic import COMEDIES

ROOT = Path(__file__).parents[3]
HISTORY = [HistoryEvent(COMEDIES[0]), HistoryEvent(COMEDIES[3])]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    save(synthetic.model().with_metrics({"ndcg@10": 0.25}), tmp_path / "model")
    return tmp_path / "model"


def _rewrite(directory: Path, name: str, array: np.ndarray[Any, Any]) -> None:
    """As a program would that writes nonsense with a right checksum."""
    np.save(directory / name, array)
    told = json.loads((directory / "manifest.json").read_text())
    content = (directory / name).read_bytes()
    told["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (directory / "manifest.json").write_text(json.dumps(told))


def test_what_is_loaded_is_what_was_trained(directory: Path) -> None:
    loaded = load(directory)
    assert loaded.rank(HISTORY, 10) == synthetic.model().rank(HISTORY, 10)
    assert loaded.explain(HISTORY, COMEDIES[5]) == synthetic.model().explain(HISTORY, COMEDIES[5])
    assert loaded.manifest.metrics == {"ndcg@10": 0.25}
    assert loaded.manifest.data == synthetic.model().manifest.data
    assert loaded.manifest.parameters == synthetic.QUICK


def test_an_index_is_kept_beside_the_vectors(tmp_path: Path) -> None:
    trained = synthetic.model().shelf.trained
    save(Model.of(trained, synthetic.model().manifest, Nearest.over(np.asarray(trained.vectors), 1)), tmp_path / "model")
    loaded = load(tmp_path / "model")
    assert loaded.nearest is not None
    assert loaded.rank(HISTORY, 10).items == synthetic.model().rank(HISTORY, 10).items


def test_a_flipped_bit_is_noticed_in_every_file(directory: Path) -> None:
    for file in sorted({*directory.iterdir()} - {directory / "manifest.json"}):
        original = file.read_bytes()
        middle = len(original) // 2
        file.write_bytes(original[:middle] + bytes([original[middle] ^ 1]) + original[middle + 1 :])
        with pytest.raises(BrokenArtefact, match=f"{file.name} is not what was written"):
            load(directory)
        file.write_bytes(original)
    load(directory)


@pytest.mark.parametrize("name", ["manifest.json", "vectors.npy", "items.json", "neighbour_items.npy"])
def test_a_missing_file_is_named(directory: Path, name: str) -> None:
    (directory / name).unlink()
    with pytest.raises(BrokenArtefact, match="No such file"):
        load(directory)


def test_a_file_cut_short_is_named(directory: Path) -> None:
    os.truncate(directory / "vectors.npy", 100)
    with pytest.raises(BrokenArtefact, match=r"vectors\.npy has 100 bytes instead of"):
        load(directory)


BREAKING: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    "shape": ("vectors.npy", lambda array: array[:-1], "vectors has shape"),
    "width": ("sources.npy", lambda array: array[:, :-1], "sources has shape"),
    "nan": ("vectors.npy", lambda array: np.where(array == array[3, 2], np.nan, array), "not finite"),
    "infinity": ("neighbour_weights.npy", lambda array: np.full_like(array, np.inf), "not finite"),
    "neighbour": ("neighbour_items.npy", lambda array: array + 1_000, "points outside"),
    "place": ("neighbour_place.npy", lambda array: array + 1_000, "points outside"),
    "feature": ("feature_columns.npy", lambda array: array + 1_000, "does not hold a model|points outside"),
    "ends": ("feature_ends.npy", lambda array: array[::-1].copy(), "does not hold a model"),
    "object": ("likes.npy", lambda array: np.array([{}], dtype=object), "Python objects"),
    "taste": ("taste_components.npy", lambda array: array * 100, "do not fit together"),
}


@pytest.mark.parametrize("kind", BREAKING)
def test_nonsense_with_a_right_checksum_is_refused(directory: Path, kind: str) -> None:
    name, broken, reason = BREAKING[kind]
    _rewrite(directory, name, broken(np.load(directory / name)))
    with pytest.raises(BrokenArtefact, match=reason):
        load(directory)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"format": 1}', b"\xff"])
def test_a_manifest_that_is_none_is_refused(directory: Path, content: bytes) -> None:
    (directory / "manifest.json").write_bytes(content)
    with pytest.raises(BrokenArtefact):
        load(directory)


def test_another_format_is_refused(directory: Path) -> None:
    told = json.loads((directory / "manifest.json").read_text())
    (directory / "manifest.json").write_text(json.dumps({**told, "format": 99}))
    with pytest.raises(BrokenArtefact, match="has format 99, this version reads 1"):
        load(directory)


def test_an_artefact_is_never_changed(directory: Path) -> None:
    with pytest.raises(FileExistsError):
        save(synthetic.model(), directory)


def test_what_a_killed_training_left_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / ".model.part").mkdir()
    (tmp_path / ".model.part" / "vectors.npy").write_bytes(b"half")
    save(synthetic.model(), tmp_path / "model")
    load(tmp_path / "model")
    assert [file.name for file in tmp_path.iterdir()] == ["model"]


WRITER = """
import sys
from pathlib import Path
from recommender_service.infrastructure.learning.artefact import save
from tests.unit.recommender_learning import synthetic
model = synthetic.model()
print("trained", flush=True)
sys.stdin.readline()
save(model, Path(sys.argv[1]))
"""


def _writer(directory: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(directory)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_a_disk_that_takes_no_more_leaves_nothing_behind(tmp_path: Path) -> None:
    """The kernel refuses to let a file grow beyond 4 KiB, as it does when a disk is full."""
    with _writer(tmp_path / "model") as process:
        assert process.stdout is not None
        process.stdout.readline()
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
        _, errors = process.communicate("go\n", timeout=60)
    assert "ArtefactNotWritten" in errors
    assert list(tmp_path.iterdir()) == []


def test_a_killed_writer_leaves_no_model(tmp_path: Path) -> None:
    with _writer(tmp_path / "model") as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        process.stdin.write("go\n")
        process.stdin.flush()
        while not (tmp_path / ".model.part").exists() and process.poll() is None:
            time.sleep(0.0005)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
    if (tmp_path / "model").exists():  # it was quicker: then all of it is there
        load(tmp_path / "model")
    else:
        with pytest.raises(BrokenArtefact):
            load(tmp_path / "model")
