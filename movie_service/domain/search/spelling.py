"""Which word was meant: edit distance with transpositions over candidates, and the likeliest combinations of them."""

import heapq
import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from movie_service.domain.search.query import Kind, Query, Term

MAX_ALTERNATIVES = 5
MAX_COMBINATIONS = 12
_OTHER_FIRST_LETTER = 0.4
_UNFINISHED = 0.3
_DOUBT_OF_A_KNOWN_WORD = 1.0
_MUCH_MORE = 10
_MISSING_SPACE = 1.2
_SHORTEST_PAIR = 6


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word of the vocabulary and the number of movies that have it."""

    word: str
    movies: int


def distances(wrong: str, right: str) -> list[int]:
    """The optimal string alignment distance of `wrong` to every beginning of `right`: insert, delete, replace, swap neighbours.

    The last one is the distance to the whole of it.
    """
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, letter in enumerate(wrong, 1):
        before, above, row = row, before, [i]
        for j, other in enumerate(right, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == right[j - 2] and wrong[i - 2] == other:
                best = min(best, above[j - 2] + 1)
            row.append(best)
    return row


def tolerance(word: str) -> int:
    """How many typing errors are believed: none in what is hardly a word, or in a number."""
    if len(word) < 3 or any(letter.isdigit() for letter in word):
        return 0
    return 1 if len(word) < 5 else 2 if len(word) < 12 else 3


def cost(term: Term, candidate: Candidate) -> float | None:
    """How unlikely it is that `candidate` was meant by `term`, in typing errors; None when it is out of the question."""
    wrong, right, allowed = term.word, candidate.word, tolerance(term.word)
    unfinished = term.kind is Kind.PREFIX and len(wrong) > 3
    too_long = len(right) > len(wrong) + allowed
    if len(right) < len(wrong) - allowed or (too_long and not unfinished) or _missing(wrong, right) > allowed:
        return None
    row = distances(wrong, right[: len(wrong) + allowed])
    errors: float = len(right) if too_long else row[-1]
    if unfinished:
        errors = min(errors, min(row) + _UNFINISHED)
    if errors >= allowed + 1:
        return None
    if right[0] != wrong[0]:
        errors += _OTHER_FIRST_LETTER
    # A word in ten times as many movies outweighs a little, never a whole error.
    return errors - 0.08 * min(4.0, math.log10(candidate.movies + 1))


def alternatives(term: Term, candidates: Sequence[Candidate]) -> list[tuple[float, str]]:
    """What may have been meant by a term with the costs of that, best first; two words where only a space was missing.

    A word that the vocabulary has stands for itself first, and only a word that is much more common is considered beside it.
    """
    if not tolerance(term.word) or term.kind is Kind.RUN:
        return [(0.0, term.word)]
    itself = [other for other in candidates if other.word == term.word or (term.kind is Kind.PREFIX and other.word.startswith(term.word))]
    least = _MUCH_MORE * max((other.movies for other in itself), default=0)
    costs = [
        (worth + (_DOUBT_OF_A_KNOWN_WORD if itself else 0.0), other.word)
        for other in candidates
        if other.movies >= least and other not in itself and (worth := cost(term, other)) is not None
    ]
    if not itself:
        costs += [(_MISSING_SPACE, pair) for pair in _pairs(term.word, {other.word for other in candidates})]
    best = heapq.nsmallest(MAX_ALTERNATIVES, costs)
    return [(0.0, term.word), *best] if itself else best


def splits(word: str) -> list[tuple[str, str]]:
    """The ways in which a word may be two that lost their space."""
    return [(word[:at], word[at:]) for at in range(2, len(word) - 1)] if len(word) >= _SHORTEST_PAIR else []


def _pairs(word: str, known: Set[str]) -> list[str]:
    return [f"{left} {right}" for left, right in splits(word) if left in known and right in known]


def _missing(wrong: str, right: str) -> int:
    """How many letters of the one the other does not have: at least so many errors. Cheap, and refuses most candidates."""
    missing = 0
    for letter in wrong:
        shorter = right.replace(letter, "", 1)
        missing += len(shorter) == len(right)
        right = shorter
    return missing


def combinations(query: Query, by_word: Mapping[str, Sequence[tuple[float, str]]]) -> list[Query]:
    """Queries that may have been meant, likeliest first; none when a word has no alternative at all."""
    best: list[tuple[float, tuple[str, ...]]] = [(0.0, ())]
    for term in query.terms:
        # Costs add up, so the best beginnings of every length are all that the best wholes can come from.
        best = heapq.nsmallest(
            MAX_COMBINATIONS, ((so_far + worth, (*words, word)) for so_far, words in best for worth, word in by_word[term.word])
        )
    return [query.with_words(words) for _, words in best]
