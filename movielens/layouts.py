"""The ways in which MovieLens data sets are laid out, told apart by which files there are and how they begin."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from movielens import rows
from movielens.errors import BadRow, NoDataSet
from movielens.lines import read_lines
from movielens.rows import LinkRow, MovieRow, RatingRow, TagRow
from movielens.showing import shown
from movielens.source import DataFile, Source, reading

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Table(Generic[R]):
    """A file with rows of one kind; without a header the first line must be a row."""

    file: str
    parse: Callable[[str], R]
    header: str = ""
    latin: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """`users` begins the ids of its users, `movies` the ids of movies that have no IMDb id: numbers mean the same only where the
    prefix is the same. Users are numbered anew in every data set; movies share numbers, except those of 100k."""

    name: str
    movies: Table[MovieRow]
    ratings: Table[RatingRow]
    tags: Table[TagRow] | None = None
    links: Table[LinkRow] | None = None
    users_prefix: str = "ml-"
    movies_prefix: str = "ml-"
    provider: str = "movielens"  # under which external ids keep the movie's number
    telltale: str = ""  # a file that tells it from a layout with the same names


_MOVIES_DAT: Final = Table("movies.dat", rows.colons_movie, latin=True)
_RATINGS_DAT: Final = Table("ratings.dat", rows.colons_rating, latin=True)

LAYOUTS: Final = (
    Layout(
        "csv (latest-small, 20m and later)",
        Table("movies.csv", rows.csv_movie, "movieId,title,genres"),
        Table("ratings.csv", rows.csv_rating, "userId,movieId,rating,timestamp"),
        Table("tags.csv", rows.csv_tag, "userId,movieId,tag,timestamp"),
        Table("links.csv", rows.csv_link, "movieId,imdbId,tmdbId"),
    ),
    Layout(
        "100k",
        Table("u.item", rows.bars_movie, latin=True),
        Table("u.data", rows.tabs_rating, latin=True),
        users_prefix="ml-100k-",
        movies_prefix="ml-100k-",
        provider="movielens-100k",
    ),
    Layout("1m", _MOVIES_DAT, _RATINGS_DAT, users_prefix="ml-1m-", telltale="users.dat"),
    Layout("10m", _MOVIES_DAT, _RATINGS_DAT, Table("tags.dat", rows.colons_tag, latin=True), users_prefix="ml-10m-"),
)


@dataclass(frozen=True, slots=True)
class Record(Generic[R]):
    """Either a row or the problem with it."""

    line: int
    end: int
    row: R | None
    problem: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """A layout found in a folder of a source."""

    source: Source
    folder: str
    layout: Layout
    files: dict[str, DataFile]

    def has(self, table: Table[Any] | None) -> bool:
        return table is not None and table.file in self.files

    def size(self, table: Table[R]) -> int:
        return self.files[table.file].size

    def read(self, table: Table[R], offset: int = 0, line: int = 0) -> Generator[Record[R], None, None]:
        with reading(self.source.path, table.file), self.source.open(self.folder, table.file) as stream:
            for each in read_lines(stream, offset, line, latin=table.latin):
                if each.number == 1 and table.header:
                    continue
                row, problem = None, each.problem
                if not problem:
                    try:
                        row = table.parse(each.text)
                    except BadRow as error:
                        problem = str(error)
                yield Record(each.number, each.end, row, problem)

    def begins_right(self, table: Table[Any]) -> str:
        """Empty, or what is wrong with the file's first line."""
        with reading(self.source.path, table.file), self.source.open(self.folder, table.file) as stream:
            first = next(read_lines(stream, latin=table.latin), None)
        if first is None:
            return f"{table.file} is empty"
        if not table.header:
            try:
                table.parse(first.text)
            except BadRow as error:
                return first.problem or f"{table.file} does not begin with a row: {error}"
        elif first.problem or first.text.replace('"', "").replace(" ", "") != table.header:
            return f"{table.file} begins with {shown(first.text)} where {table.header} was expected"
        return ""


def detect(source: Source) -> Dataset:
    """The one data set in the source; NoDataSet says what was looked for."""
    with reading(source.path, "the list of its files"):
        folders = source.files()
    found = [
        Dataset(source, folder, layout, dict(files))
        for folder, files in folders.items()
        for layout in LAYOUTS
        if layout.movies.file in files and layout.ratings.file in files and (not layout.telltale or layout.telltale in files)
    ]
    by_folder = {dataset.folder: dataset for dataset in reversed(found)}
    if "" in by_folder:
        by_folder = {"": by_folder[""]}
    if len(by_folder) > 1:
        raise NoDataSet(f"{source.path} holds several data sets ({', '.join(sorted(by_folder))}): name one of them")
    if not by_folder:
        wanted = dict.fromkeys(f"{layout.movies.file} with {layout.ratings.file}" for layout in LAYOUTS)
        raise NoDataSet(f"{source.path} holds no MovieLens data set: {' or '.join(wanted)} were looked for, in it and one folder down")
    dataset = next(iter(by_folder.values()))
    layout = dataset.layout
    tables: tuple[Table[Any] | None, ...] = (layout.movies, layout.ratings, layout.tags, layout.links)
    for problem in (dataset.begins_right(table) for table in tables if table is not None and dataset.has(table)):
        if problem:
            raise NoDataSet(f"{source.path} is not a MovieLens data set: {problem}")
    return dataset
