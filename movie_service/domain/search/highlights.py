"""Where the words of a query are in a text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from movie_service.domain.search.query import Kind, Query, Term
from movie_service.domain.search.text import Token, fold, solid, tokens

MAX_HIGHLIGHTS = 10


@dataclass(frozen=True, slots=True)
class Highlight:
    """A text and its matching parts as (start, length) in code points."""

    field: str
    text: str
    spans: tuple[tuple[int, int], ...]


def spans(query: Query, text: str) -> tuple[tuple[int, int], ...]:
    """The parts of `text` that answer words of `query`: in order, without overlap, touching ones joined."""
    folded = solid(fold(text))
    # Most texts of a movie hold no word of the query; a look for its first letters is much cheaper than reading them all.
    if not any(term.word[:2] in folded for term in query.terms):
        return ()
    found = tokens(text)
    marked = sorted({span for term in query.terms for span in _of_term(term, found)})
    joined: list[tuple[int, int]] = []
    for start, end in marked:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple((start, end - start) for start, end in joined)


def highlights(query: Query, texts: Iterable[tuple[str, str]]) -> list[Highlight]:
    """The first few of `texts` (field, text) that hold a word of the query, each text once."""
    found: list[Highlight] = []
    seen: set[str] = set()
    if not query.terms:
        return found
    for field, text in texts:
        if text in seen:
            continue
        seen.add(text)
        if where := spans(query, text):
            found.append(Highlight(field, text, where))
            if len(found) == MAX_HIGHLIGHTS:
                break
    return found


def _of_term(term: Term, found: Sequence[Token]) -> Iterable[tuple[int, int]]:
    for index, token in enumerate(found):
        if token.is_run:
            if term.kind is Kind.RUN:
                yield from _inside_run(term.word, token)
            continue
        if token.word == term.word:
            yield token.start, token.end
            continue
        whole = (token, *token.parts)
        matching = [part for part in whole if part.word == term.word or (term.kind is Kind.PREFIX and part.word.startswith(term.word))]
        for part in matching:
            # A letter that folds into two leaves no way to say where the beginning ends.
            same_length = len(part.word) == part.end - part.start
            yield part.start, part.start + len(term.word) if same_length else part.end
        if not matching and term.word.startswith(token.word):
            # The query has in one word what the text has in several: walle, spiderman.
            together, end = token.word, token.end
            for following in found[index + 1 :]:
                if following.start != end + 1 or following.is_run:
                    break
                together, end = together + following.word, following.end
                if together == term.word:
                    yield token.start, end
                if len(together) >= len(term.word):
                    break


def _inside_run(wanted: str, token: Token) -> Iterable[tuple[int, int]]:
    if len(token.word) != token.end - token.start:  # a character that folds into several
        if wanted in token.word:
            yield token.start, token.end
        return
    at = token.word.find(wanted)
    while at >= 0:
        yield token.start + at, token.start + at + len(wanted)
        at = token.word.find(wanted, at + 1)
