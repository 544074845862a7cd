"""Where the files of a data set come from: a directory or a zip, read as streams and never unpacked to disk."""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Protocol

from movielens.errors import NoDataSet

_LARGEST: Final = 16 << 30  # bytes, unpacked; the ratings of 32m are 0.9 GB
_DENSEST: Final = 100  # times smaller when packed; ratings are about 4 times
_MAY_BE_DENSE: Final = 16 << 20  # bytes
_SAMPLE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class DataFile:
    """`size` in bytes as unpacked; `mark` changes when the content does."""

    name: str
    size: int
    mark: str


class Source(Protocol):
    """The files of one folder of a data set, by name."""

    @property
    def path(self) -> Path: ...
    def files(self) -> Mapping[str, Mapping[str, DataFile]]: ...
    def open(self, folder: str, name: str) -> AbstractContextManager[IO[bytes]]: ...


class Folder:
    """A directory: its own files, and those of the folders directly in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def files(self) -> Mapping[str, Mapping[str, DataFile]]:
        found: dict[str, dict[str, DataFile]] = {}
        for folder in (self.path, *sorted(child for child in self.path.iterdir() if child.is_dir() and not child.name.startswith("."))):
            own = {file.name: _on_disk(file) for file in sorted(folder.iterdir()) if file.is_file()} if os.access(folder, os.R_OK) else {}
            found["" if folder == self.path else folder.name] = own
        return found

    def open(self, folder: str, name: str) -> AbstractContextManager[IO[bytes]]:
        return (self.path / folder / name).open("rb", buffering=1 << 18)


class Archive:
    """A zip. Names inside are only compared, never used as paths."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not zipfile.is_zipfile(path):
            raise NoDataSet(f"{path} is neither a directory nor a zip that can be read")

    def files(self) -> Mapping[str, Mapping[str, DataFile]]:
        found: dict[str, dict[str, DataFile]] = {}
        with zipfile.ZipFile(self.path) as archive:
            entries = archive.infolist()
        for entry in entries:
            folder, _, name = entry.filename.rpartition("/")
            if name and not folder.startswith("__MACOSX"):
                found.setdefault(folder, {})[name] = DataFile(name, entry.file_size, f"{entry.file_size}/{entry.CRC:08x}")
        return found

    @contextmanager
    def open(self, folder: str, name: str) -> Iterator[IO[bytes]]:
        with zipfile.ZipFile(self.path) as archive:
            entry = archive.getinfo(f"{folder}/{name}" if folder else name)
            self._refuse_odd(entry, name)
            try:
                opened = archive.open(entry)
            except NotImplementedError as error:
                raise NoDataSet(f"{self.path}: {name} is packed in a way that cannot be read ({error})") from None
            with opened as stream:
                yield stream

    def _refuse_odd(self, entry: zipfile.ZipInfo, name: str) -> None:
        dense = entry.file_size > _MAY_BE_DENSE and entry.file_size > _DENSEST * max(entry.compress_size, 1)
        if entry.file_size > _LARGEST or dense:
            raise NoDataSet(f"{self.path}: {name} would unpack to {entry.file_size:,} bytes, which no MovieLens file does")
        if entry.flag_bits & 1:
            raise NoDataSet(f"{self.path}: {name} is encrypted")


@contextmanager
def reading(path: Path, name: str) -> Iterator[None]:
    """Says in one sentence what goes wrong while a file of the data set is read."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise NoDataSet(f"{path}: {name} is damaged ({error})") from None
    except OSError as error:
        raise NoDataSet(f"{path}: {name} cannot be read: {error.strerror or error}") from None


def source_at(path: Path) -> Source:
    try:
        if path.is_dir():
            return Folder(path)
        if path.is_file():
            return Archive(path)
    except OSError as error:
        raise NoDataSet(f"{path} cannot be read: {error.strerror}") from None
    raise NoDataSet(f"{path} does not exist" if not path.exists() else f"{path} is neither a directory nor a zip")


def _on_disk(file: Path) -> DataFile:
    """Reading every byte to know a file again would take as long as the import: its ends, size and time tell enough."""
    status = file.stat()
    digest = hashlib.sha256()
    try:
        with file.open("rb") as stream:
            digest.update(stream.read(_SAMPLE))
            stream.seek(max(0, status.st_size - _SAMPLE))
            digest.update(stream.read(_SAMPLE))
    except OSError:
        return DataFile(file.name, status.st_size, "unreadable")  # told when the file is needed
    return DataFile(file.name, status.st_size, f"{status.st_size}/{status.st_mtime_ns}/{digest.hexdigest()[:16]}")
