"""One line of a MovieLens file as a row, in each of its ways of writing; a line that is none raises BadRow."""

import csv
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from movielens.errors import BadRow
from movielens.showing import shown

_SCORES: Final = {
    text: number / 2 for number in range(1, 11) for text in {f"{number / 2:.1f}", *([str(number // 2)] if number % 2 == 0 else [])}
}
_LAST_SECOND: Final = 253_402_300_799  # the end of the year 9999, protobuf's last
_FLAGS: Final = 19


@dataclass(frozen=True, slots=True)
class MovieRow:
    id: int
    title: str  # as MovieLens writes it
    genres: tuple[str, ...]
    year: int = 0  # where a column of its own tells it


@dataclass(frozen=True, slots=True)
class RatingRow:
    user: int
    movie: int
    score: float
    seconds: int  # since 1970


@dataclass(frozen=True, slots=True)
class TagRow:
    movie: int
    tag: str


@dataclass(frozen=True, slots=True)
class LinkRow:
    movie: int
    imdb: int  # 0 when there is none
    tmdb: int


def csv_movie(line: str) -> MovieRow:
    movie, title, genres = csv_fields(line, 3)
    return _movie(movie, title, genres)


def csv_rating(line: str) -> RatingRow:
    return _rating(*csv_fields(line, 4))


def csv_tag(line: str) -> TagRow:
    user, movie, tag, seconds = csv_fields(line, 4)
    return _tag(user, movie, tag, seconds)


def csv_link(line: str) -> LinkRow:
    movie, imdb, tmdb = csv_fields(line, 3)
    return LinkRow(_id(movie, "movieId"), _id(imdb, "imdbId") if imdb else 0, _id(tmdb, "tmdbId") if tmdb else 0)


def colons_movie(line: str) -> MovieRow:
    movie, title, genres = _surrounded(line, 1, 1)
    return _movie(movie, title, genres)


def colons_rating(line: str) -> RatingRow:
    return _rating(*_counted(line.split("::"), 4))


def colons_tag(line: str) -> TagRow:
    user, movie, tag, seconds = _surrounded(line, 2, 1)
    return _tag(user, movie, tag, seconds)


def tabs_rating(line: str) -> RatingRow:
    return _rating(*_counted(line.split("\t"), 4))


def bars_movie(line: str) -> MovieRow:
    """`u.item`: id|title|release date|video release date|address|19 flags. Most dates are a first of January: only the year tells."""
    movie, title, released, _, _, *flags = _counted(line.split("|"), 5 + _FLAGS)
    if any(flag not in ("0", "1") for flag in flags):
        raise BadRow("a genre flag is neither 0 nor 1")
    year = 0
    if released:
        try:
            year = datetime.strptime(released, "%d-%b-%Y").year
        except ValueError:
            raise BadRow(f"the release date {shown(released)} is not like 01-Jan-1995") from None
    return _titled(
        MovieRow(_id(movie, "movie id"), title, tuple(name for name, flag in zip(FLAGS, flags, strict=True) if flag == "1"), year)
    )


FLAGS: Final = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy"),
    *("Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)


def csv_fields(line: str, count: int) -> list[str]:
    if '"' not in line:
        return _counted(line.split(","), count)
    try:
        return _counted(next(csv.reader([line], strict=True)), count)
    except csv.Error as error:
        raise BadRow(f"the quotation marks do not fit ({error})") from None


def _surrounded(line: str, before: int, after: int) -> list[str]:
    """A text that may itself contain `::`, with columns before and after it that cannot."""
    parts = line.split("::")
    if len(parts) < before + after + 1:
        raise BadRow(f"has {len(parts)} columns instead of {before + after + 1}")
    return [*parts[:before], "::".join(parts[before : len(parts) - after]), *parts[len(parts) - after :]]


def _counted(fields: list[str], count: int) -> list[str]:
    if len(fields) != count:
        raise BadRow(f"has {len(fields)} column{'s' if len(fields) != 1 else ''} instead of {count}")
    return fields


def _movie(movie: str, title: str, genres: str) -> MovieRow:
    return _titled(MovieRow(_id(movie, "movie id"), title, tuple(genres.split("|"))))


def _titled(row: MovieRow) -> MovieRow:
    if not row.title.strip():
        raise BadRow("there is no title")
    return row


def _rating(user: str, movie: str, score: str, seconds: str) -> RatingRow:
    found = _SCORES.get(score)
    return RatingRow(_id(user, "user id"), _id(movie, "movie id"), _odd_score(score) if found is None else found, _seconds(seconds))


def _odd_score(text: str) -> float:
    """Other ways of writing a half star, such as 4.00; anything else is refused."""
    try:
        score = float(text)
    except ValueError:
        raise BadRow(f"the rating {shown(text)} is not a number") from None
    if not (0.5 <= score <= 5 and (score * 2).is_integer()):
        raise BadRow(f"the rating {shown(text)} is not one of 0.5, 1.0, … 5.0")
    return score


def _tag(user: str, movie: str, tag: str, seconds: str) -> TagRow:
    _id(user, "user id")
    _seconds(seconds)
    if not tag.strip():
        raise BadRow("the tag is blank")
    return TagRow(_id(movie, "movie id"), tag)


def _id(text: str, what: str) -> int:
    if text.isdigit() and text.isascii() and len(text) < 16 and (number := int(text)) > 0:
        return number
    raise BadRow(f"the {what} {shown(text)} is not a positive whole number")


def _seconds(text: str) -> int:
    if text.isdigit() and text.isascii() and len(text) < 16 and (seconds := int(text)) <= _LAST_SECOND:
        return seconds
    raise BadRow(f"the timestamp {shown(text)} is not seconds since 1970")
