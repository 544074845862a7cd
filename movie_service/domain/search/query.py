"""What a query asks for, word by word."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from movie_service.domain.search.text import MAX_WORD, tokens

# More words than any title's beginning has; what comes after is noise that would only make the database work.
MAX_WORDS = 12


class Kind(Enum):
    """How a word of a query has to be found."""

    WORD = "word"
    PREFIX = "prefix"  # the last word, which may still be being typed
    RUN = "run"  # a stretch of a script without spaces


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a query."""

    word: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Query:
    """The words that a movie must have, all of them; none for a query without letters or digits."""

    terms: tuple[Term, ...]

    @property
    def text(self) -> str:
        """The query in its plainest spelling; equal to the key of a title that it names in full."""
        return " ".join(term.word for term in self.terms)

    def with_words(self, words: Sequence[str]) -> "Query":
        """The same query with other words at the same places; `star wars` at one place becomes two."""
        terms: list[Term] = []
        for text, term in zip(words, self.terms, strict=True):
            *others, last = text.split(" ")
            terms += [*(Term(word, Kind.WORD) for word in others), Term(last, term.kind)]
        return Query(tuple(terms))


def parse(text: str) -> Query:
    """Never fails: whatever is neither letter nor digit only separates words."""
    found = tokens(text)[:MAX_WORDS]
    last = len(found) - 1
    return Query(
        tuple(
            Term(token.word[:MAX_WORD], Kind.RUN if token.is_run else Kind.PREFIX if index == last else Kind.WORD)
            for index, token in enumerate(found)
        )
    )
