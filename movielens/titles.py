"""MovieLens writes `Matrix, The (1999)`: the title, its other names and the year, told apart again."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

_YEAR: Final = re.compile(r"\s*\((\d{4})(?:\s*[-–]\s*(?:\d{4})?)?\)\s*$")
_PARENTHESIS: Final = re.compile(r"\s\(([^()]+)\)$")
_AKA: Final = re.compile(r"(?:a\.?k\.?a\.?)\s*:?\s+", re.IGNORECASE)
_ARTICLES: Final = "The|An|A|La|Le|Les|L'|L’|El|Los|Las|Il|Lo|Gli|I|Der|Die|Das|Den|Det|De|Een|Un|Une|Uno|Una|Ein|Eine|O|Os"
_ARTICLE_LAST: Final = re.compile(rf"(.+), ({_ARTICLES})")
_EARLIEST, _LATEST = 1870, 2200  # what the contract takes for a year of release


@dataclass(frozen=True, slots=True)
class Title:
    """`original` is empty when it is not told; `others` are names that people look for the movie by. Year 0 is unknown."""

    title: str
    original: str
    others: tuple[str, ...]
    year: int


def parse_title(text: str) -> Title:
    """`City of Lost Children, The (Cité des enfants perdus, La) (1995)` → The City of Lost Children, La Cité des enfants perdus, 1995.

    Of several names in parentheses the last one that is not an `a.k.a.` is the original title: so it is throughout these data sets.
    """
    rest = unicodedata.normalize("NFC", " ".join(text.split()))
    year = 0
    if (match := _YEAR.search(rest)) and _EARLIEST <= int(match[1]) <= _LATEST and match.start():
        rest, year = rest[: match.start()], int(match[1])
    names: list[str] = []
    while match := _PARENTHESIS.search(rest):
        names.insert(0, match[1].strip())
        rest = rest[: match.start()].rstrip()
    original = ""
    others: list[str] = []
    for name in reversed(names):
        plain = _AKA.sub("", name, count=1) if _AKA.match(name) else name
        if plain == name and not original:
            original = _article_first(name)
        else:
            others.insert(0, _article_first(plain))
    title = _article_first(rest)
    return Title(title, original if original != title else "", tuple(others), year)


def _article_first(text: str) -> str:
    match = _ARTICLE_LAST.fullmatch(text)
    if match is None:
        return text
    return f"{match[2]}{match[1]}" if match[2][-1] in "'’" else f"{match[2]} {match[1]}"
