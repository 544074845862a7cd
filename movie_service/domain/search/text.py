"""What a word is: the one reading of texts that the index, queries and highlights share."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

MAX_WORD = 60

# Scripts written without spaces: Thai, Lao, Myanmar, Khmer, kana, Han. Their runs are indexed as pairs of neighbouring characters.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u3096\u3099-\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
# Vowel signs of the Indic scripts are part of a word, though not letters to `\w`.
_INDIC = "\u0900-\u0963\u0966-\u0dff\u0f00-\u0fff"
_TOKEN = re.compile(rf"(?P<run>[{_UNSPACED}]+)|(?:(?![{_UNSPACED}])(?:[^\W_]|[{_INDIC}]))+")
_APOSTROPHES = frozenset("'’ʼ`´")
_JOINERS = frozenset("-‐‑·.*")  # wall-e, WALL·E, E.T., M*A*S*H
_NO_JOINERS = dict.fromkeys(map(ord, _APOSTROPHES | _JOINERS))
# Voicing marks of kana, nukta and virama change the letter; every other mark only dresses it.
_KEPT_MARKS = frozenset((0, 7, 8, 9))
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "ħ": "h", "⁄": "/"})


@dataclass(frozen=True, slots=True)
class Token:
    """A word or, when `is_run`, a stretch of a script without spaces; `start` and `end` count code points of the text it is in."""

    word: str
    start: int
    end: int
    is_run: bool = False
    parts: "tuple[Token, ...]" = ()  # what an apostrophe joined: l'avventura → l, avventura


@lru_cache(maxsize=20_000)
def _fold_character(character: str) -> str:
    if "\uac00" <= character <= "\ud7a3":  # Hangul would fall apart into its letters
        return character
    if unicodedata.category(character) == "No":  # ½ next to a digit is not one number with it
        return " " + unicodedata.normalize("NFKD", character).translate(_LETTERS) + " "
    plain = unicodedata.normalize("NFKD", character.casefold()).translate(_LETTERS).casefold()
    kept = "".join(part for part in plain if unicodedata.combining(part) in _KEPT_MARKS)
    return unicodedata.normalize("NFC", kept)


def fold(text: str) -> str:
    """Lower case, without accents, compatibility forms made plain."""
    return text.lower() if text.isascii() else "".join(map(_fold_character, text))


def _origins(text: str) -> list[int]:
    return [index for index, character in enumerate(text) for _ in _fold_character(character)]


def tokens(text: str) -> list[Token]:
    """The words of `text` in order. Words on both sides of an apostrophe are one: Schindler's → schindlers."""
    folded = fold(text)
    origins = None if text.isascii() else _origins(text)
    found: list[Token] = []
    joined_at = -1
    for match in _TOKEN.finditer(folded):
        start, end = match.span()
        word, is_run = match.group(), match.lastgroup == "run"
        first = start if origins is None else origins[start]
        last = end if origins is None else origins[end - 1] + 1
        if start == joined_at and not is_run and not found[-1].is_run:
            before = found.pop()
            parts = (*(before.parts or (before,)), Token(word, first, last))
            found.append(Token(before.word + word, before.start, last, False, parts))
        else:
            found.append(Token(word, first, last, is_run))
        joined_at = end + 1 if folded[end : end + 1] in _APOSTROPHES else -1
    return found


def pairs(run: str) -> list[str]:
    """What of a run is looked up: its pairs of neighbours, or its only character."""
    return [run[index : index + 2] for index in range(len(run) - 1)] or [run]


def words(text: str) -> Iterator[str]:
    """Everything by which a spaced text is found: words, parts around apostrophes, and words joined over a hyphen or a point."""
    found = tokens(text)
    chain: list[Token] = []
    for token in (*found, None):
        linked = token and chain and not token.is_run and token.start == chain[-1].end + 1 and text[chain[-1].end] in _JOINERS
        if len(chain) > 1 and not linked:
            yield "".join(part.word for part in chain)[:MAX_WORD]
        if token is None:
            return
        chain = [*chain, token] if linked else [] if token.is_run else [token]
        if not token.is_run:
            yield token.word[:MAX_WORD]
            yield from (part.word for part in token.parts if 2 < len(part.word) <= MAX_WORD)


def run_grams(text: str) -> Iterator[str]:
    """By what the stretches without spaces are found: every character and every pair."""
    for token in tokens(text):
        if token.is_run:
            yield from token.word
            yield from pairs(token.word)


def solid(folded: str) -> str:
    """Folded text without the marks that join words, to look for letters in."""
    return folded.translate(_NO_JOINERS)


def key(text: str) -> str:
    """The same for two spellings that nobody would call different titles."""
    return " ".join(token.word for token in tokens(text))
