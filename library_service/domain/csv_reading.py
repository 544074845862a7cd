"""CSV files of Letterboxd and Trakt, line by line: which movies they name, and which rows cannot be read."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from library_service.domain.errors import NoMovieColumn

LONGEST_LINE: Final = 10_000
# A quote that nobody closes would take the rest of the file for one row.
_LINES_OF_A_ROW: Final = 200
_AHEAD: Final = timedelta(days=1)

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_YEAR = re.compile(r"[0-9]{4}")
# By the names of columns without anything but letters and digits; of several that a file has, the first here is read.
_MOVIE = ("imdbid", "const")
_TITLE = ("title", "name")
_YEARS = ("year",)
_TYPE = ("type",)
_TIME = ("watcheddate", "watchedat", "lastwatchedat", "listedat", "collectedat", "date")
# A list of Letterboxd's own export says what the list is called before it says what is in it.
_PREAMBLE = "Letterboxd list export"


@dataclass(frozen=True, slots=True)
class Row:
    """A movie as a file names it: by id, or by title and year (0 when the file has none). `line` is counted from 1."""

    line: int
    text: str
    movie: str
    title: str
    year: int
    time: datetime | None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is left out, and why; `reason` is UPPER_SNAKE."""

    line: int
    text: str
    reason: str
    message: str


class ListReader:
    """`feed` it a file's lines in their order, then `finish`; both give the rows that are complete by then."""

    def __init__(self, now: datetime) -> None:
        self._latest = now + _AHEAD
        self._line = 0
        self._open: list[tuple[int, str]] = []
        self._columns: Sequence[str] | None = None
        self._in_preamble = False

    def feed(self, line: str) -> Iterator[Row | Rejected]:
        self._line += 1
        if self._line == 1:
            line = line.removeprefix("\ufeff")
            self._in_preamble = line.startswith(_PREAMBLE)
        if self._in_preamble:
            self._in_preamble = bool(line.strip())
            return
        yield from self._taken(self._line, line)

    def finish(self) -> Iterator[Row | Rejected]:
        """What is left of a row that was never closed. NoMovieColumn for a file without a header."""
        while self._open:
            yield from self._give_up()
        if self._columns is None:
            raise NoMovieColumn

    def _taken(self, number: int, line: str) -> Iterator[Row | Rejected]:
        if len(line) > LONGEST_LINE:
            yield Rejected(number, line[:200], "INVALID_ARGUMENT", f"has more than {LONGEST_LINE} characters")
            return
        if "\0" in line:
            yield Rejected(number, line[:200], "INVALID_ARGUMENT", "has a character that no text has")
            return
        self._open.append((number, line.rstrip("\r\n")))
        text = "\n".join(line for _, line in self._open)
        if text.count('"') % 2 == 0:
            first, self._open = self._open[0][0], []
            yield from self._complete(first, text)
        elif len(self._open) == _LINES_OF_A_ROW:
            yield from self._give_up()

    def _give_up(self) -> Iterator[Row | Rejected]:
        (number, line), *others = self._open
        self._open = []
        yield Rejected(number, line[:200], "INVALID_ARGUMENT", "opens a quote that is not closed")
        for later, text in others:
            yield from self._taken(later, text)

    def _complete(self, number: int, text: str) -> Iterator[Row | Rejected]:
        if not text.strip():
            return
        try:
            (cells,) = csv.reader([text], strict=True)
        except (csv.Error, ValueError):
            yield Rejected(number, text[:200], "INVALID_ARGUMENT", "is no row of a CSV file")
            return
        if self._columns is None:
            self._columns = [re.sub(r"[^a-z0-9]", "", cell.lower()) for cell in cells]
            if not {*_MOVIE, *_TITLE} & set(self._columns):
                raise NoMovieColumn
            return
        yield self._row(number, text[:200], dict(zip(self._columns, (cell.strip() for cell in cells), strict=False)))

    def _row(self, number: int, text: str, cells: dict[str, str]) -> Row | Rejected:
        if _first(cells, _TYPE).lower() not in ("", "movie"):
            return Rejected(number, text, "NOT_A_MOVIE", f"is a {_first(cells, _TYPE)[:30]}")
        movie, title, year = _first(cells, _MOVIE).lower(), _first(cells, _TITLE), _first(cells, _YEARS)
        if not _ID.fullmatch(movie):
            movie = ""
        if not movie and not title:
            return Rejected(number, text, "INVALID_ARGUMENT", "names no movie")
        if year and not _YEAR.fullmatch(year):
            return Rejected(number, text, "INVALID_ARGUMENT", "has a year that is none")
        try:
            time = _time(_first(cells, _TIME))
        except (ValueError, OverflowError):
            return Rejected(number, text, "INVALID_ARGUMENT", "has a time that is none: ISO 8601 is read")
        if time is not None and time > self._latest:
            return Rejected(number, text, "INVALID_ARGUMENT", "has a time that lies in the future")
        return Row(number, text, movie, title[:500], int(year or 0), time)


def _first(cells: dict[str, str], columns: Sequence[str]) -> str:
    return next((cells[column] for column in columns if cells.get(column)), "")


def _time(text: str) -> datetime | None:
    if not text:
        return None
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
