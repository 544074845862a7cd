"""The demo catalogue: real films written down as facts, one JSON file per decade, read strictly."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Final

GENRES: Final = frozenset(
    {
        *("action", "adventure", "animation", "biography", "children", "comedy", "crime", "documentary", "drama", "family", "fantasy"),
        *("film-noir", "history", "horror", "music", "musical", "mystery", "romance", "science-fiction", "sport", "thriller", "war"),
        "western",
    }
)

_ID: Final = re.compile(r"tt[0-9]{7,8}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")
_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_REQUIRED: Final = frozenset(
    {
        *("id", "title", "original_title", "year", "runtime_minutes", "genres", "countries", "original_language", "spoken_languages"),
        *("directors", "writers", "cast", "keywords", "overview"),
    }
)
_OPTIONAL: Final = frozenset({"tagline", "localizations"})

# Letters that Unicode does not decompose into a base letter and a mark.
_LETTERS: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "'": "", "’": ""}
)


class CatalogueError(ValueError):
    """A film of the catalogue breaks a rule; the message names the file, the film and the field."""


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Role:
    person: Person
    character: str


@dataclass(frozen=True, slots=True)
class Localization:
    language: str  # BCP 47
    title: str
    overview: str


@dataclass(frozen=True, slots=True)
class Film:
    id: str  # the IMDb id
    title: str  # English
    original_title: str  # in its own script
    year: int
    runtime_minutes: int
    genres: tuple[str, ...]
    countries: tuple[str, ...]  # ISO 3166-1 alpha-2; a country that no longer exists is named by its successor
    original_language: str  # BCP 47; a silent film has that of its intertitles
    spoken_languages: tuple[str, ...]  # empty for a silent film
    directors: tuple[Person, ...]
    writers: tuple[Person, ...]
    cast: tuple[Role, ...]
    keywords: tuple[str, ...]
    overview: str
    tagline: str
    localizations: tuple[Localization, ...]


def load() -> tuple[Film, ...]:
    """Every film, by year and id; raises CatalogueError rather than leave one out."""
    folder = resources.files("stack.demo").joinpath("films")
    return read((file.name, file.read_text(encoding="utf-8")) for file in folder.iterdir() if file.name.endswith(".json"))


def read(sources: Iterable[tuple[str, str]]) -> tuple[Film, ...]:
    """The films of several files, given as name and text, checked against each other as well."""
    films = sorted((film for name, text in sources for film in parse(name, text)), key=lambda film: (film.year, film.id))
    _require_distinct_films(films)
    _require_one_name_per_person(films)
    return tuple(films)


def parse(source: str, text: str) -> tuple[Film, ...]:
    """The films of one file's text; `source` is the name that errors give."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise CatalogueError(f"{source}: not JSON: {error}") from error
    if not isinstance(document, list):
        raise CatalogueError(f"{source}: expected a list of films")
    return tuple(_Reader(f"{source}[{index}]", entry).film() for index, entry in enumerate(document))


def slug(name: str) -> str:
    """`Agnès Varda` → `agnes-varda`: the id of a person, made of the name alone."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS))
    return re.sub(r"[^a-z0-9]+", "-", "".join(letter for letter in plain if not unicodedata.combining(letter))).strip("-")


class _Reader:
    """Reads one film out of decoded JSON, refusing whatever does not have exactly the expected shape."""

    def __init__(self, where: str, entry: object) -> None:
        self._where = where
        self._entry: Mapping[str, object] = self._object(entry, "film", _REQUIRED, _OPTIONAL)
        self._where = f"{where} {self._entry['id']}"

    def film(self) -> Film:
        return Film(
            id=self._matching("id", _ID),
            title=self._text(self._entry["title"], "title"),
            original_title=self._text(self._entry["original_title"], "original_title"),
            year=self._number("year", 1895, 2100),
            runtime_minutes=self._number("runtime_minutes", 1, 600),
            genres=self._codes("genres", _SLUG, allowed=GENRES),
            countries=self._codes("countries", _COUNTRY),
            original_language=self._matching("original_language", _LANGUAGE),
            spoken_languages=self._codes("spoken_languages", _LANGUAGE, may_be_empty=True),
            directors=self._people("directors"),
            writers=self._people("writers", may_be_empty=True),
            cast=self._cast(),
            keywords=self._keywords(),
            overview=self._text(self._entry["overview"], "overview"),
            tagline=self._text(self._entry["tagline"], "tagline") if "tagline" in self._entry else "",
            localizations=self._localizations(),
        )

    def _fail(self, field: str, problem: str) -> CatalogueError:
        return CatalogueError(f"{self._where}: {field}: {problem}")

    def _object(self, value: object, field: str, required: frozenset[str], optional: frozenset[str] = frozenset()) -> Mapping[str, object]:
        if not isinstance(value, dict):
            raise self._fail(field, "expected an object")
        missing, unknown = required - value.keys(), value.keys() - required - optional
        if missing or unknown:
            raise self._fail(field, f"missing {sorted(missing)}, unknown {sorted(unknown)}")
        return value

    def _text(self, value: object, field: str) -> str:
        if not isinstance(value, str) or not value or value != unicodedata.normalize("NFC", " ".join(value.split())):
            raise self._fail(field, f"expected text without stray spaces, in Unicode's composed form, not {value!r}")
        return value

    def _list(self, field: str, may_be_empty: bool = False) -> list[object]:
        values = self._entry[field]
        if not isinstance(values, list) or not (values or may_be_empty):
            raise self._fail(field, "expected a list" if may_be_empty else "expected a list of at least one")
        return values

    def _number(self, field: str, low: int, high: int) -> int:
        value = self._entry[field]
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self._fail(field, f"expected a whole number from {low} to {high}, not {value!r}")
        return value

    def _matching(self, field: str, pattern: re.Pattern[str]) -> str:
        return self._code(self._entry[field], field, pattern)

    def _code(self, value: object, field: str, pattern: re.Pattern[str]) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise self._fail(field, f"{value!r} does not match {pattern.pattern}")
        return value

    def _codes(
        self, field: str, pattern: re.Pattern[str], *, allowed: frozenset[str] | None = None, may_be_empty: bool = False
    ) -> tuple[str, ...]:
        codes = tuple(self._code(value, field, pattern) for value in self._list(field, may_be_empty))
        if allowed is not None and not allowed.issuperset(codes):
            raise self._fail(field, f"unknown {sorted(set(codes) - allowed)}")
        return self._distinct(codes, field)

    def _keywords(self) -> tuple[str, ...]:
        return self._distinct(tuple(self._text(value, "keywords") for value in self._list("keywords")), "keywords")

    def _people(self, field: str, may_be_empty: bool = False) -> tuple[Person, ...]:
        entries = (self._object(value, field, frozenset({"name"}), frozenset({"id"})) for value in self._list(field, may_be_empty))
        people = tuple(self._person(entry, field) for entry in entries)
        self._distinct(tuple(person.id for person in people), field)
        return people

    def _cast(self) -> tuple[Role, ...]:
        without_actors = {"animation", "documentary"}.intersection(self._codes("genres", _SLUG))
        values = self._list("cast", may_be_empty=bool(without_actors))
        entries = [self._object(value, "cast", frozenset({"name", "character"}), frozenset({"id"})) for value in values]
        roles = tuple(Role(self._person(entry, "cast"), self._text(entry["character"], "cast")) for entry in entries)
        self._distinct(tuple(role.person.id for role in roles), "cast")
        return roles

    def _person(self, entry: Mapping[str, object], field: str) -> Person:
        """The id is the slug of the name, unless the entry gives one to keep two people of one name apart."""
        name = self._text(entry["name"], field)
        return Person(self._code(entry.get("id", slug(name)), field, _SLUG), name)

    def _localizations(self) -> tuple[Localization, ...]:
        values = self._entry.get("localizations", {})
        if not isinstance(values, dict):
            raise self._fail("localizations", "expected an object by language")
        found: list[Localization] = []
        for language, value in values.items():
            field = f"localizations.{language}"
            entry = self._object(value, field, frozenset({"title", "overview"}))
            title, overview = self._text(entry["title"], field), self._text(entry["overview"], field)
            found.append(Localization(self._code(language, field, _LANGUAGE), title, overview))
        return tuple(found)

    def _distinct(self, values: tuple[str, ...], field: str) -> tuple[str, ...]:
        if len(set(values)) != len(values):
            raise self._fail(field, f"repeats itself: {values}")
        return values


def _require_distinct_films(films: Iterable[Film]) -> None:
    titles: dict[str, str] = {}
    for film in films:
        if film.id in titles:
            raise CatalogueError(f"{film.id} is both {titles[film.id]!r} and {film.title!r}")
        titles[film.id] = film.title


def _require_one_name_per_person(films: Iterable[Film]) -> None:
    """Two spellings of one name would become one person with a name that depends on the order of loading."""
    names: dict[str, str] = {}
    for film in films:
        for person in (*film.directors, *film.writers, *(role.person for role in film.cast)):
            if names.setdefault(person.id, person.name) != person.name:
                raise CatalogueError(f"{film.id}: {person.id} is spelled {person.name!r} here and {names[person.id]!r} elsewhere")
