"""The search index as the use case sees it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from mesh.postgres.database import Database
from mesh.postgres.transaction import Row
from movie_service.application.search import Facets, Filters, Hit, Matches, Place
from movie_service.domain.search.query import Kind, Query, Term
from movie_service.domain.search.spelling import MAX_COMBINATIONS, Candidate, splits, tolerance
from movie_service.domain.search.text import MAX_WORD
from movie_service.infrastructure.search import lexemes, statements
from movie_service.infrastructure.search.facts import Facts

_LAST_YEAR = 9_999


class PostgresIndex:
    """One round trip for a page with its facets; a second one when there are more matches than are ranked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, query: Query, filters: Filters, after: Place | None, size: int) -> Matches:
        parameters = _parameters(query, filters, after, size)
        shape = (
            bool(query.terms),
            "match" in parameters,
            "year_from" in parameters,
            "min_rating" in parameters,
        )
        ranked_after = after is not None and not after.by_popularity
        rows = await self._database.fetch_all(statements.ranked(*shape, ranked_after), **parameters)
        by_kind: dict[int, list[Row]] = defaultdict(list)
        for row in rows:
            by_kind[row[0]].append(row)
        total = by_kind[statements.TOTAL][0][2]
        by_popularity = after.by_popularity if after is not None else total > statements.BOUND
        if by_popularity:
            hits = await self._popular(shape, after, parameters)
        else:
            hits = [
                _hit(False, fit, popularity, movie, message, facts)
                for _, movie, _, fit, popularity, message, facts in by_kind[statements.HIT]
            ]
            hits.sort(key=lambda hit: (-hit.place.fit, -hit.place.popularity, hit.place.movie))
        return Matches(tuple(hits[:size]), len(hits) > size, min(total, statements.BOUND), _facets(by_kind))

    async def _popular(self, shape: tuple[bool, bool, bool, bool], after: Place | None, parameters: Mapping[str, Any]) -> list[Hit]:
        for bounded in (True, False):
            rows = await self._database.fetch_all(statements.popular(*shape, after is not None, bounded), **parameters)
            if len(rows) == parameters["size"]:
                break
            # Few of the popular movies match, or the end is near: only looking at all of them tells.
        return [_hit(True, fit, popularity, movie, message, facts) for movie, fit, popularity, message, facts in rows]

    async def vocabulary(self, terms: Sequence[Term]) -> Mapping[str, Sequence[Candidate]]:
        asked = [term for term in dict.fromkeys(terms) if term.kind is not Kind.RUN and tolerance(term.word)]
        if not asked:
            return {}
        swapped = [(term.word, letters) for term in asked for letters in _letters_nearby(term.word)]
        halves = [(term.word, half) for term in asked for half in {half for split in splits(term.word) for half in split}]
        beginnings = [_beginning(term) for term in asked]
        rows = await self._database.fetch_all(
            statements.VOCABULARY,
            words=[term.word for term in asked],
            # For a whole word: the first string behind it, so that only it is between.
            word_ends=[_behind(term.word) if term.kind is Kind.PREFIX else term.word + "\x01" for term in asked],
            starts=beginnings,
            ends=[_behind(beginning) for beginning in beginnings],
            shortest=[len(term.word) - tolerance(term.word) for term in asked],
            longest=[MAX_WORD if term.kind is Kind.PREFIX else len(term.word) + tolerance(term.word) for term in asked],
            swapped_of=[word for word, _ in swapped],
            swapped=[letters for _, letters in swapped],
            halves_of=[word for word, _ in halves],
            halves=[half for _, half in halves],
        )
        found: dict[str, list[Candidate]] = defaultdict(list)
        for word, candidate, movies in rows:
            found[word].append(Candidate(candidate, movies))
        return found

    async def first_matching(self, queries: Sequence[Query]) -> Query | None:
        if not queries:
            return None
        tsqueries = [lexemes.matching(query, Filters()) for query in queries]
        # One statement for any number, so that it stays prepared.
        tsqueries += [lexemes.nowhere()] * (MAX_COMBINATIONS - len(tsqueries))
        parameters = {f"q{number}": tsquery for number, tsquery in enumerate(tsqueries)}
        async with self._database.transaction() as transaction:
            await transaction.execute(statements.BY_INDEX)
            row = await transaction.fetch_one(statements.first_matching(len(tsqueries)), **parameters)
        return None if row is None or row[0] is None else queries[row[0]]


def _parameters(query: Query, filters: Filters, after: Place | None, size: int) -> dict[str, Any]:
    parameters: dict[str, Any] = {"size": size + 1}
    if match := lexemes.matching(query, filters):
        parameters["match"] = match
    if query.terms:
        parameters |= {
            # A movie with the query as its title has its words: to find it, the one lexeme is enough.
            "exact": lexemes.matching(Query(()), filters, lexemes.titled(query, "A")),
            "own_title": lexemes.titled(query, "A"),
            "other_title": lexemes.titled(query, "B"),
            "title_whole": lexemes.placed(query, "A", whole_words=True),
            "title": lexemes.placed(query, "A"),
            "titles": lexemes.placed(query, "AB"),
            "names": lexemes.placed(query, "ABC"),
        }
    if filters.year_from or filters.year_to:
        parameters |= {"year_from": max(1, filters.year_from), "year_to": filters.year_to or _LAST_YEAR}
    if filters.min_rating:
        parameters["min_rating"] = filters.min_rating
    if after is not None:
        parameters |= {"fit": after.fit, "popularity": after.popularity, "movie": after.movie}
    return parameters


def _hit(by_popularity: bool, fit: int, popularity: int, movie: str, message: bytes, facts: Any) -> Hit:
    return Hit(Place(by_popularity, fit, popularity, movie), message, Facts.of_json(facts).texts())


def _facets(by_kind: Mapping[int, Sequence[Row]]) -> Facets:
    def most_first(kind: int) -> tuple[tuple[str, int], ...]:
        return tuple(sorted(((row[1], row[2]) for row in by_kind.get(kind, ())), key=lambda pair: (-pair[1], pair[0])))

    decades = sorted(((row[1], row[2]) for row in by_kind.get(statements.DECADE, ())), reverse=True)
    return Facets(most_first(statements.GENRE), tuple(decades), most_first(statements.LANGUAGE))


def _letters_nearby(word: str) -> set[str]:
    """The letters of the word, and those without one of them: what swaps and added letters leave."""
    letters = sorted(word)
    return {"".join(letters), *("".join(letters[:index] + letters[index + 1 :]) for index in range(len(letters)))}


def _beginning(term: Term) -> str:
    """As much of the word as is believed: of a short one, the first letter."""
    return term.word[: 1 if len(term.word) < 6 else 3]


def _behind(beginning: str) -> str:
    """The first string behind all that begin with it, in code point order."""
    return beginning[:-1] + chr(ord(beginning[-1]) + 1)
