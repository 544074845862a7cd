"""The tables of the search index."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR


def add_search_tables(metadata: sa.MetaData) -> None:
    """Declares them in the context's metadata."""
    name = sa.Text(collation="C")
    sa.Table(
        "search_sources",
        metadata,
        sa.Column("movie", name, nullable=False, comment="movies/{movie}"),
        sa.Column("message", sa.LargeBinary, comment="reelmesh.movie.v1.Movie; NULL until the movie is heard of"),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("facts", JSONB, nullable=False, comment="what metadata tells that one searches by"),
        sa.Column("rating_count", sa.Integer, nullable=False),
        sa.Column("rating_mean", sa.Double, nullable=False),
        sa.Column("bayesian_mean", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("movie", name="search_sources_pkey"),
        comment="what events told of a movie, in whatever order they came",
    )
    sa.Table(
        "search_documents",
        metadata,
        sa.Column("movie", name, nullable=False),
        sa.Column("lexemes", TSVECTOR, nullable=False, comment="A own titles, B other titles, C people, D the rest"),
        sa.Column("genres", ARRAY(sa.Text), nullable=False),
        sa.Column("language", name, nullable=False, comment="lower case; empty: unknown"),
        sa.Column("release_year", sa.Integer, nullable=False, comment="0: unknown"),
        sa.Column("rating_mean", sa.Double, comment="NULL without ratings"),
        sa.Column("popularity", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("movie", name="search_documents_pkey"),
        # A short list of what is not sorted in yet, because every search reads all of it.
        sa.Index("search_documents_by_lexeme", "lexemes", postgresql_using="gin", postgresql_with={"gin_pending_list_limit": "256"}),
        sa.Index("search_documents_by_popularity", sa.text("popularity DESC"), "movie"),
        sa.Index("search_documents_by_year", "release_year"),
        comment="active movies; room is left so that a new mean does not touch the indexes",
        postgresql_with={"fillfactor": "85"},
    )
    sa.Table(
        "search_words",
        metadata,
        sa.Column("word", name, nullable=False),
        sa.Column("movies", sa.Integer, nullable=False, comment="how many have it"),
        sa.Column("letters", name, nullable=False, comment="the letters of the word, sorted: the same after any swap"),
        sa.PrimaryKeyConstraint("word", name="search_words_pkey"),
        sa.Index("search_words_by_trigram", "word", postgresql_using="gin", postgresql_ops={"word": "gin_trgm_ops"}),
        sa.Index("search_words_by_letters", "letters"),
        comment="the vocabulary that misspelt words are looked up in",
        postgresql_with={"fillfactor": "70"},
    )
