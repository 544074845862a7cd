"""Finding movies: the query as typed first, and only when it finds nothing what was probably meant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from movie_service.domain.search.highlights import Highlight, highlights
from movie_service.domain.search.query import Query, Term, parse
from movie_service.domain.search.spelling import Candidate, alternatives, combinations


@dataclass(frozen=True, slots=True)
class Filters:
    """What the movies must be besides matching; 0 and () do not restrict."""

    genres_all: tuple[str, ...] = ()
    genres_any: tuple[str, ...] = ()
    year_from: int = 0
    year_to: int = 0
    min_rating: float = 0.0
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the order of the results: fit, popularity, name. `by_popularity` is the order of matches too many to be ranked."""

    by_popularity: bool
    fit: int
    popularity: int
    movie: str

    @property
    def score(self) -> float:
        """Falls along the order of the results."""
        return self.fit + min(self.popularity, 999_999) / 1_000_000


@dataclass(frozen=True, slots=True)
class Hit:
    """A movie that matches; `document` is its stored form, which only adapters read, `texts` are (field, text) beside its titles."""

    place: Place
    document: bytes
    texts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Facets:
    """How the matches spread: (value, count)."""

    genres: tuple[tuple[str, int], ...] = ()
    decades: tuple[tuple[str, int], ...] = ()
    languages: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Matches:
    """A page of hits, best first, and the whole they are part of, counted up to a bound."""

    hits: tuple[Hit, ...] = ()
    has_more: bool = False
    total: int = 0
    facets: Facets = Facets()


class Index(Protocol):
    """The movies by their words."""

    async def find(self, query: Query, filters: Filters, after: Place | None, size: int) -> Matches:
        """Active movies with all words of `query`."""

    async def vocabulary(self, terms: Sequence[Term]) -> Mapping[str, Sequence[Candidate]]:
        """For each term's word: words of the index that look like it, itself if it is one."""

    async def first_matching(self, queries: Sequence[Query]) -> Query | None:
        """The first of them that any movie matches."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search found, and the query that found it when it is not the one that was asked."""

    matches: Matches
    query: Query
    corrected_query: str


async def search(index: Index, text: str, filters: Filters, after: Place | None, size: int, corrected_query: str = "") -> Answer:
    """A page of movies; `after` and `corrected_query` continue an earlier answer.

    Text without a letter or digit finds nothing; no text at all, everything.
    """
    typed = parse(text)
    if text.strip() and not typed.terms:
        return Answer(Matches(), typed, "")
    query = parse(corrected_query) if corrected_query else typed
    matches = await index.find(query, filters, after, size)
    if matches.total or after is not None or not typed.terms:
        return Answer(matches, query, corrected_query)
    meant = await _meant(index, typed)
    if meant is None or meant == typed:
        return Answer(matches, typed, "")
    return Answer(await index.find(meant, filters, None, size), meant, meant.text)


def found_where(query: Query, titles: Sequence[tuple[str, str]], hit: Hit) -> list[Highlight]:
    """Where the words are in a movie's titles and other texts."""
    return highlights(query, (*titles, *hit.texts))


async def _meant(index: Index, typed: Query) -> Query | None:
    """The likeliest query that anything matches, the typed one included: filters may be why it found nothing."""
    vocabulary = await index.vocabulary(typed.terms)
    choices = {term.word: alternatives(term, vocabulary.get(term.word, ())) for term in typed.terms}
    meant = combinations(typed, choices)
    return None if meant in ([], [typed]) else await index.first_matching(meant)
