"""How far an import has come, as the platform acknowledged it; a killed import goes on from there."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from movielens.layouts import Dataset
from movielens.source import DataFile
from stack.errors import StackError
from stack.importer.tally import Tally

_VERSION: Final = 1


@dataclass(slots=True)
class Reached:
    """Rows before `offset` (bytes; for movies and documents: their number) are in; `line` is the line that ends there."""

    offset: int = 0
    line: int = 0
    tally: Tally = field(default_factory=Tally)


@dataclass(slots=True)
class Progress:
    movies: Reached = field(default_factory=Reached)
    metadata: Reached = field(default_factory=Reached)
    ratings: Reached = field(default_factory=Reached)
    purged: int = 0

    @property
    def begun(self) -> bool:
        return bool(self.movies.offset or self.metadata.offset or self.ratings.offset)


class Checkpoint:
    """One JSON file per data set and platform. Other files, or changed ones, begin anew."""

    def __init__(self, directory: Path, dataset: Dataset, platform: str) -> None:
        self._mark = {file.name: file.mark for file in _files_of(dataset)}
        key = json.dumps([str(dataset.source.path.resolve()), dataset.folder, platform])
        self.path = directory / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """One import of a data set at a time; the kernel lets go of it however that ends."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StackError(f"{self.path.parent} cannot be written: {error.strerror}") from None
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StackError("this data set is being imported already: wait for the other import, or stop it") from None
            yield
        finally:
            os.close(descriptor)

    def load(self) -> Progress:
        """Where to go on; the beginning when there is nothing that fits."""
        try:
            raw = json.loads(self.path.read_text(encoding="utf-8"))
            if raw["version"] != _VERSION or raw["files"] != self._mark:
                return Progress()
            reached = {name: _reached(raw[name]) for name in ("movies", "metadata", "ratings")}
            return Progress(**reached, purged=int(raw["purged"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Progress()

    def save(self, progress: Progress) -> None:
        text = json.dumps({"version": _VERSION, "files": self._mark, **asdict(progress)})
        fresh = self.path.with_suffix(".new")
        try:
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(self.path)
        except OSError as error:
            raise StackError(f"{self.path} cannot be written: {error.strerror}") from None

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def _reached(raw: Mapping[str, object]) -> Reached:
    offset, line, tally = raw["offset"], raw["line"], raw["tally"]
    if not isinstance(offset, int) or not isinstance(line, int) or not isinstance(tally, dict):
        raise TypeError("not a checkpoint")
    return Reached(offset, line, Tally(**tally))


def _files_of(dataset: Dataset) -> Iterator[DataFile]:
    layout = dataset.layout
    for table in (layout.movies, layout.ratings, layout.tags, layout.links):
        if table is not None and table.file in dataset.files:
            yield dataset.files[table.file]
