"""The SQL of a search, one statement for each combination of conditions."""

from functools import lru_cache

from mesh.postgres.statements import Statement, text_statement

# Matches beyond this are neither counted nor ranked.
BOUND = 10_000
# How many movies, the most popular first, are looked at for a page of what has more matches than that; one in a hundred is one.
WALK = 50_000
# A word that so many movies have is no typing error.
BELIEVED = 10
TOTAL, GENRE, DECADE, LANGUAGE, HIT = range(5)
EXACT_FIT = 6

# Whole title 6, whole other title 5, all words in the title 4, the last one only begun 3, in any title 2, in titles and people 1, else 0.
# Nested, because each look into a tsvector counts when there are ten thousand.
_FIT = f"""CASE WHEN lexemes @@ %(title)s::tsquery THEN
        CASE WHEN lexemes @@ %(own_title)s::tsquery THEN {EXACT_FIT} WHEN lexemes @@ %(other_title)s::tsquery THEN 5
             WHEN lexemes @@ %(title_whole)s::tsquery THEN 4 ELSE 3 END
    WHEN lexemes @@ %(titles)s::tsquery THEN CASE WHEN lexemes @@ %(other_title)s::tsquery THEN 5 ELSE 2 END
    WHEN lexemes @@ %(names)s::tsquery THEN 1 ELSE 0 END"""
_AFTER = """WHERE fit <= %(fit)s AND (fit < %(fit)s OR popularity <= %(popularity)s
    AND (popularity < %(popularity)s OR movie > %(movie)s))"""
_WALK_AFTER = "WHERE %(fit)s > 0 OR popularity <= %(popularity)s AND (popularity < %(popularity)s OR movie > %(movie)s)"
_ORDER = "ORDER BY fit DESC, popularity DESC, movie"


def _conditions(tsquery: str, has_years: bool, has_rating: bool) -> str:
    conditions = [f"lexemes @@ %({tsquery})s::tsquery"] if tsquery else []
    if has_years:
        conditions.append("release_year BETWEEN %(year_from)s AND %(year_to)s")
    if has_rating:
        conditions.append("rating_mean >= %(min_rating)s")
    return " AND ".join(conditions) or "true"


@lru_cache
def ranked(has_words: bool, has_match: bool, has_years: bool, has_rating: bool, continues: bool) -> Statement:
    """Up to BOUND + 1 matches: their number, their facets, and a page of them as if they were all.

    Rows are (kind, value, number, fit, popularity, message, facts).
    """
    return text_statement(f"""
        WITH matches AS MATERIALIZED (
            SELECT movie, popularity, genres, language, release_year, {_FIT if has_words else "0"} AS fit
            FROM search_documents WHERE {_conditions("match" if has_match else "", has_years, has_rating)} LIMIT {BOUND + 1}
        ), page AS MATERIALIZED (
            SELECT movie, fit, popularity FROM matches {_AFTER if continues else ""} {_ORDER} LIMIT %(size)s
        )
        SELECT {TOTAL}, NULL, count(*)::int, NULL::int, NULL::int, NULL::bytea, NULL::jsonb FROM matches
        UNION ALL
        SELECT {GENRE}, genre, sum(together)::int, NULL, NULL, NULL, NULL
        FROM (SELECT genres, count(*) AS together FROM matches GROUP BY genres) AS sets, unnest(genres) AS genre GROUP BY genre
        UNION ALL
        SELECT {DECADE}, (release_year / 10 * 10)::text, count(*)::int, NULL, NULL, NULL, NULL
        FROM matches WHERE release_year > 0 GROUP BY release_year / 10
        UNION ALL
        SELECT {LANGUAGE}, language, count(*)::int, NULL, NULL, NULL, NULL FROM matches WHERE language <> '' GROUP BY language
        UNION ALL
        SELECT {HIT}, movie, 0, fit, popularity, message, facts FROM page JOIN search_sources USING (movie)
    """)  # noqa: S608  # of constants of ours


@lru_cache
def popular(has_words: bool, has_match: bool, has_years: bool, has_rating: bool, continues: bool, bounded: bool) -> Statement:
    """A page of matches that are too many to be ranked: those with the query as their title, then the most popular.

    Rows are (movie, fit, popularity, message, facts). `bounded` looks at WALK movies only, which may not fill the page.
    """
    conditions = _conditions("match" if has_match else "", has_years, has_rating)
    found = f"""
        SELECT movie, 0 AS fit, popularity
        FROM (
            SELECT * FROM search_documents {_WALK_AFTER if continues else ""}
            ORDER BY popularity DESC, movie {f"LIMIT {WALK}" if bounded else ""}
        ) AS walked
        WHERE {conditions}"""  # noqa: S608  # of constants of ours
    if has_words:
        found = f"""
        (SELECT movie, {EXACT_FIT} AS fit, popularity FROM search_documents WHERE {_conditions("exact", has_years, has_rating)})
        UNION ALL
        ({found} AND NOT lexemes @@ %(own_title)s::tsquery ORDER BY popularity DESC, movie LIMIT %(size)s)"""  # noqa: S608  # as above
    return text_statement(f"""
        WITH found AS ({found}), page AS MATERIALIZED (SELECT * FROM found {_AFTER if continues else ""} {_ORDER} LIMIT %(size)s)
        SELECT movie, fit, popularity, message, facts FROM page JOIN search_sources USING (movie) {_ORDER}
    """)  # noqa: S608  # of constants of ours


# Words that enough movies have are believed. For the others: trigrams find most of what was meant; swapped and added letters are found
# by the letters alone, short and unfinished words by their beginning, two words without a space by their halves.
VOCABULARY = text_statement(f"""
    WITH asked AS MATERIALIZED (
        SELECT asked.*, (
            SELECT max(movies) FROM (
                SELECT movies FROM search_words AS w
                WHERE w.word >= asked.word COLLATE "C" AND w.word < asked.word_end COLLATE "C" LIMIT 50
            ) AS nearby
        ) AS movies
        FROM unnest(%(words)s::text[], %(word_ends)s::text[], %(starts)s::text[], %(ends)s::text[], %(shortest)s::int[], %(longest)s::int[])
            AS asked (word, word_end, start_at, end_at, shortest, longest)
    ), doubtful AS MATERIALIZED (
        SELECT * FROM asked WHERE movies IS NULL OR movies < {BELIEVED}
    )
    SELECT asked.word, asked.word, movies FROM asked WHERE movies IS NOT NULL
    UNION ALL
    SELECT doubtful.word, found.word, found.movies
    FROM doubtful
    CROSS JOIN LATERAL (
        (SELECT w.word, w.movies FROM search_words AS w
         WHERE w.word %% doubtful.word ORDER BY similarity(w.word, doubtful.word) DESC, w.movies DESC, w.word LIMIT 50)
        UNION
        (SELECT w.word, w.movies FROM search_words AS w
         WHERE w.word >= doubtful.start_at COLLATE "C" AND w.word < doubtful.end_at COLLATE "C"
           AND length(w.word) BETWEEN doubtful.shortest AND doubtful.longest
         ORDER BY w.movies DESC, w.word LIMIT 150)
        UNION
        (SELECT w.word, w.movies FROM unnest(%(swapped_of)s::text[], %(swapped)s::text[]) AS swapped (word, letters)
         JOIN search_words AS w ON w.letters = swapped.letters COLLATE "C" WHERE swapped.word = doubtful.word)
        UNION
        (SELECT w.word, w.movies FROM unnest(%(halves_of)s::text[], %(halves)s::text[]) AS half (word, half)
         JOIN search_words AS w ON w.word = half.half COLLATE "C" WHERE half.word = doubtful.word AND doubtful.movies IS NULL)
    ) AS found WHERE found.word <> doubtful.word
""")  # noqa: S608  # of constants of ours


# Told to stop at the first match, the planner likes to read the table from its beginning; where there is no match, to its end.
BY_INDEX = text_statement("SET LOCAL enable_seqscan = off")


@lru_cache
def first_matching(count: int) -> Statement:
    """The number of the first of `count` tsqueries that any document matches; those behind it are not tried."""
    cases = " ".join(f"WHEN EXISTS (SELECT FROM search_documents WHERE lexemes @@ %(q{n})s::tsquery) THEN {n}" for n in range(count))
    return text_statement(f"SELECT CASE {cases} END")
