"""The language between documents and queries: what is written into a tsvector, and the tsquery that finds it.

Besides words there are marked lexemes, which no word can be: `=toy story` a whole title, `to*` the first letters of a word of a title
(a search for a single letter then reads one list, not those of all words with it), `#drama` a genre, `@en` the language.
"""

import re
from collections.abc import Iterable, Sequence

from movie_service.application.search import Filters
from movie_service.domain.search.query import Kind, Query, Term
from movie_service.domain.search.text import MAX_WORD, key, pairs, run_grams, words

_SHORT = 2  # letters of a prefix that has a lexeme of its own
_LONGEST_KEY = 200  # no query is longer
_MARKS = frozenset("=#@")
_ARTICLE = re.compile(r"^(?:the|an?) ")
_ASIDE = re.compile(r"\([^)]*\)")  # Seven (a.k.a. Se7en)
_NOWHERE = "'='"  # a lexeme that no document has
_POSITION = {"A": 1, "B": 2, "C": 3, "D": 4}


class Lexemes:
    """Collects the lexemes of one movie; each keeps the best of its weights (A is best)."""

    def __init__(self) -> None:
        self._weights: dict[str, str] = {}
        self.vocabulary: set[str] = set()

    def add_title(self, title: str, weight: str) -> None:
        """Its words, and itself: with and without an article in front, with and without what is in parentheses."""
        self.add_words(title, weight, beginnings=_SHORT)
        for whole in {key(title)[:_LONGEST_KEY], key(_ASIDE.sub("", title))[:_LONGEST_KEY]} - {""}:
            self._add("=" + whole, weight)
            self._add("=" + _ARTICLE.sub("", whole), weight)

    def add_words(self, text: str, weight: str, *, beginnings: int = 0) -> None:
        """The words of a text, also by so many of their first letters."""
        for word in words(text):
            self._add(word, weight)
            if len(word) > 1 and not word.isdigit():
                self.vocabulary.add(word)
            for length in range(1, min(beginnings, len(word)) + 1):
                self._add(word[:length] + "*", weight)
        if not text.isascii():
            for gram in run_grams(text):
                self._add(gram, weight)

    def add_facets(self, genres: Iterable[str], language: str) -> None:
        for genre in genres:
            self._add("#" + genre, "D")
        self._add("@" + language, "D")

    def as_tsvector(self) -> str:
        return " ".join(f"{_quoted(lexeme)}:{_POSITION[weight]}{weight}" for lexeme, weight in self._weights.items())

    def _add(self, lexeme: str, weight: str) -> None:
        if weight < self._weights.get(lexeme, "E"):
            self._weights[lexeme] = weight


def matching(query: Query, filters: Filters, *others: str) -> str:
    """The tsquery of all documents with these words, genres and languages that match `others` too; empty when nothing restricts."""
    conditions = [*others, *(_term(term, "") for term in query.terms)]
    conditions += [_quoted("#" + genre) for genre in filters.genres_all]
    if filters.genres_any:
        conditions.append(_any("#" + genre for genre in filters.genres_any))
    if filters.languages:
        conditions.append(_any("@" + language.lower() for language in filters.languages))
    return " & ".join(conditions)


def titled(query: Query, weight: str) -> str:
    """The tsquery of documents that have the query as a whole title."""
    return f"{_quoted('=' + query.text[:_LONGEST_KEY])}:{weight}"


def placed(query: Query, weights: str, *, whole_words: bool = False) -> str:
    """The tsquery of documents that have every word of the query in a text of these weights."""
    return " & ".join(
        _term(Term(term.word, Kind.WORD) if whole_words and term.kind is Kind.PREFIX else term, weights) for term in query.terms
    )


def _term(term: Term, weights: str) -> str:
    suffix = f":{weights}" if weights else ""
    match term.kind:
        case Kind.RUN:
            return " & ".join(_quoted(pair) + suffix for pair in pairs(term.word))
        case Kind.PREFIX if len(term.word) <= _SHORT:
            return f"({_quoted(term.word)}{suffix} | {_quoted(term.word + '*')}{suffix})"
        case Kind.PREFIX:
            return f"{_quoted(term.word)}:*{weights}"
        case _:
            return _quoted(term.word) + suffix


def _any(lexemes: Iterable[str]) -> str:
    return "(" + " | ".join(_quoted(lexeme) for lexeme in lexemes) + ")"


def _quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def nowhere() -> str:
    """A tsquery that nothing matches."""
    return _NOWHERE


def vocabulary_of(lexemes: Sequence[str]) -> set[str]:
    """The words of the vocabulary among the lexemes of a stored document."""
    return {lexeme for lexeme in lexemes if _is_vocabulary(lexeme)}


def _is_vocabulary(lexeme: str) -> bool:
    if lexeme[0] in _MARKS or lexeme[-1] == "*" or len(lexeme) < 2 or len(lexeme) > MAX_WORD or lexeme.isdigit():
        return False
    return lexeme.isascii() or not any(run_grams(lexeme))
