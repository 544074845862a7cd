"""How far an import is: a bar in a terminal, a line per tenth elsewhere. Both on standard error; results go to standard output."""

import sys
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class ImportDisplay:
    """Called with a stage, how much of it is done and how much there is."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._console = Console(file=stream, highlight=False, soft_wrap=True)
        self._bars: dict[str, TaskID] = {}
        self._tenths: dict[str, int] = {}
        self._progress: Progress | None = None
        if self._console.is_terminal:
            columns = (TextColumn("{task.description:<16}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn())
            self._progress = Progress(*columns, console=self._console)
            self._progress.start()

    def __call__(self, stage: str, done: int, total: int) -> None:
        if self._progress is not None:
            if stage not in self._bars:
                self._bars[stage] = self._progress.add_task(stage)
            self._progress.update(self._bars[stage], completed=done, total=max(total, 1))
        elif self._tenths.get(stage, -1) != (tenth := 10 * done // max(total, 1)):
            self._tenths[stage] = tenth
            self.say(f"{stage} {10 * tenth} %")

    def say(self, sentence: str) -> None:
        self._console.print(sentence, markup=False)

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
