"""A model on disk: arrays and tables of ids as plain files, and a manifest with a checksum of each. Never a pickle.

A directory appears whole or not at all: it is written beside its place and renamed when all of it is on the disk.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recommender_service.infrastructure.learning.errors import ArtefactNotWritten, BrokenArtefact
from recommender_service.infrastructure.learning.features import ones
from recommender_service.infrastructure.learning.manifest import Manifest
from recommender_service.infrastructure.learning.model import Model
from recommender_service.infrastructure.learning.nearest import Nearest
from recommender_service.infrastructure.learning.neighbours import NeighbourTable
from recommender_service.infrastructure.learning.weights import Weights

FORMAT: Final = 1
_MANIFEST: Final = "manifest.json"
_NEAREST: Final = "nearest.faiss"


def save(model: Model, directory: Path) -> Manifest:
    """Newcomers are not part of it. Raises FileExistsError, ArtefactNotWritten."""
    if directory.exists():
        raise FileExistsError(f"{directory} is there already: an artefact is never changed")
    being_written = directory.with_name(f".{directory.name}.part")
    try:
        shutil.rmtree(being_written, ignore_errors=True)  # of a training that was killed
        being_written.mkdir(parents=True)
        _write(model, being_written)
        being_written.rename(directory)
        _sync(directory.parent)
    except OSError as error:
        shutil.rmtree(being_written, ignore_errors=True)
        raise ArtefactNotWritten(f"{directory} cannot be written: {error.strerror or error}") from error
    return model.manifest


def load(directory: Path) -> Model:
    """Arrays stay in their files and are mapped from there. Raises BrokenArtefact."""
    try:
        told = json.loads((directory / _MANIFEST).read_bytes())
        if told["format"] != FORMAT:
            raise BrokenArtefact(f"{directory} has format {told['format']}, this version reads {FORMAT}")
        for name, expected in told["files"].items():
            _check(directory / name, expected)
        weights = _weights(directory)
        manifest = Manifest.from_json(told)
        nearest = Nearest.load(directory / _NEAREST) if _NEAREST in told["files"] else None
    except OSError as error:
        raise BrokenArtefact(f"{directory} cannot be read: {error.strerror or error}") from None
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise BrokenArtefact(f"{directory} does not hold a model: {type(error).__name__}: {error}") from None
    _refuse_unfit(weights, nearest, directory)
    return Model.of(weights, manifest, nearest)


def _write(model: Model, directory: Path) -> None:
    for name, array in _arrays(model.shelf.trained).items():
        np.save(directory / f"{name}.npy", array, allow_pickle=False)
    for name, table in (("items", model.shelf.trained.items), ("names", model.shelf.trained.names)):
        (directory / f"{name}.json").write_text(json.dumps(table), "utf-8")
    if model.nearest is not None:
        model.nearest.save(directory / _NEAREST)
    files = {file.name: {"bytes": file.stat().st_size, "sha256": _digest(file)} for file in sorted(directory.iterdir())}
    told = {"format": FORMAT, **model.manifest.as_json(), "files": files}
    (directory / _MANIFEST).write_text(json.dumps(told, indent=1, allow_nan=False), "utf-8")
    for file in directory.iterdir():
        _sync(file)
    _sync(directory)


def _arrays(weights: Weights) -> dict[str, NDArray[Any]]:
    return {
        "vectors": weights.vectors,
        "sources": weights.sources,
        "likes": weights.likes,
        "neighbour_place": weights.neighbours.place,
        "neighbour_items": weights.neighbours.items,
        "neighbour_weights": weights.neighbours.weights,
        "feature_ends": weights.features.indptr,
        "feature_columns": weights.features.indices,
        "feature_vectors": weights.feature_vectors,
        "taste_components": np.array([weights.taste]),
    }


def _weights(directory: Path) -> Weights:
    def array(name: str) -> NDArray[Any]:
        return np.asarray(np.load(directory / f"{name}.npy", mmap_mode="r", allow_pickle=False))

    items, names = (tuple(map(str, json.loads((directory / f"{name}.json").read_bytes()))) for name in ("items", "names"))
    return Weights(
        items,
        array("vectors"),
        array("sources"),
        array("likes"),
        NeighbourTable(array("neighbour_place"), array("neighbour_items"), array("neighbour_weights")),
        names,
        ones(array("feature_ends"), array("feature_columns"), len(names)),
        array("feature_vectors"),
        int(array("taste_components")[0]),
    )


def _check(file: Path, expected: Mapping[str, Any]) -> None:
    if (size := file.stat().st_size) != expected["bytes"]:
        raise BrokenArtefact(f"{file} has {size:,} bytes instead of {expected['bytes']:,}")
    if _digest(file) != expected["sha256"]:
        raise BrokenArtefact(f"{file} is not what was written: its checksum differs")


def _refuse_unfit(weights: Weights, nearest: Nearest | None, directory: Path) -> None:
    """Checksums tell that nothing changed since it was written, this that it can be served."""
    count, width, table = len(weights.items), weights.vectors.shape[-1], weights.neighbours
    shapes = {
        "vectors": (weights.vectors, (count, width)),
        "sources": (weights.sources, (count, width - 1)),
        "likes": (weights.likes, (count,)),
        "neighbour_place": (table.place, (count,)),
        "neighbour_weights": (table.weights, table.items.shape),
        "feature_vectors": (weights.feature_vectors, (len(weights.names), width)),
    }
    for name, (array, shape) in shapes.items():
        if array.shape != shape:
            raise BrokenArtefact(f"{directory}: {name} has shape {array.shape} instead of {shape}")
        if not np.isfinite(array).all():
            raise BrokenArtefact(f"{directory}: {name} contains a number that is not finite")
    rows = len(table.items)
    within = (("neighbour_place", table.place, -1, rows), ("neighbour_items", table.items, 0, count))
    for name, array, least, end in (*within, ("feature_columns", weights.features.indices, 0, len(weights.names))):
        if array.size and not (least <= array.min() and array.max() < end):
            raise BrokenArtefact(f"{directory}: {name} points outside its table")
    if len(set(weights.items)) != count or not 0 < weights.taste < width or weights.features.shape[0] != count:
        raise BrokenArtefact(f"{directory}: its tables do not fit together")
    if nearest is not None and nearest.shape != (count, width):
        raise BrokenArtefact(f"{directory}: {_NEAREST} is of other vectors")


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
