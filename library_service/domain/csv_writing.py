"""Lists as lines of CSV files, with the column names that Letterboxd and Trakt read."""

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from library_service.domain.movies import KnownMovie

_IMDB_ID = re.compile(r"tt[0-9]{7,}")


class Format(Enum):
    """Whose column names a file has."""

    LETTERBOXD = 1
    TRAKT = 2


@dataclass(frozen=True, slots=True)
class ListedMovie:
    """A movie of a list, and when it got there."""

    movie: KnownMovie
    time: datetime


Cell = Callable[[ListedMovie], str]


def _imdb_id(listed: ListedMovie) -> str:
    return listed.movie.movie if _IMDB_ID.fullmatch(listed.movie.movie) else ""


def _title(listed: ListedMovie) -> str:
    return " ".join(listed.movie.title.split())


def _year(listed: ListedMovie) -> str:
    return str(listed.movie.release_year or "")


def _day(listed: ListedMovie) -> str:
    return listed.time.date().isoformat()


def _moment(listed: ListedMovie) -> str:
    return listed.time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _type(_: ListedMovie) -> str:
    return "movie"


_LETTERBOXD: Final[Mapping[str, Cell]] = {"imdbID": _imdb_id, "Title": _title, "Year": _year}
_TRAKT: Final[Mapping[str, Cell]] = {"imdb_id": _imdb_id, "type": _type, "title": _title, "year": _year}


class ListWriter:
    """`watched` says that times are those of viewings."""

    def __init__(self, form: Format, *, watched: bool) -> None:
        if form is Format.TRAKT:
            self._columns: Mapping[str, Cell] = {**_TRAKT, "watched_at" if watched else "listed_at": _moment}
        else:
            self._columns = {**_LETTERBOXD, "WatchedDate" if watched else "Date": _day}

    @property
    def header(self) -> str:
        return ",".join(self._columns)

    def line(self, listed: ListedMovie) -> str:
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="").writerow([cell(listed) for cell in self._columns.values()])
        return buffer.getvalue()
