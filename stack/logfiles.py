"""The log files of the processes: kept small, and quoted when something goes wrong."""

import json
import os
import shutil
from pathlib import Path
from typing import BinaryIO

_KEPT = 20 << 20  # bytes of one file before it is set aside


class LogFile:
    """NAME.log, and NAME.log.1 for what came before. Children write to it directly, so it has to be opened for appending."""

    def __init__(self, directory: Path, name: str) -> None:
        self.path = directory / f"{name}.log"
        self._older = directory / f"{name}.log.1"

    def begin(self) -> None:
        """A new run starts with an empty file; the last run's stays readable."""
        if self.path.exists():
            self.path.replace(self._older)

    def open(self) -> BinaryIO:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return self.path.open("ab")

    def bound(self) -> None:
        """Sets a grown file aside by copying: the writer keeps its descriptor and goes on at the new end."""
        if self.path.exists() and self.path.stat().st_size > _KEPT:
            shutil.copyfile(self.path, self._older)
            os.truncate(self.path, 0)

    def last_lines(self, count: int = 5) -> list[str]:
        """The end of the file for a person: of a JSON log line only what was said."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(max(0, self.path.stat().st_size - 64_000))
            lines = file.read().decode("utf-8", errors="replace").splitlines()
        return [_said(line) for line in lines if line.strip()][-count:]


def _said(line: str) -> str:
    try:
        record = json.loads(line)
    except ValueError:
        return line.rstrip()
    if not isinstance(record, dict) or "event" not in record:
        return line.rstrip()
    exception = str(record.get("exception", "")).strip().splitlines()
    return f"{record['event']}: {exception[-1]}" if exception else str(record["event"])
