"""The search index."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    name = sa.Text(collation="C")
    op.create_table(
        "search_sources",
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
    op.create_table(
        "search_documents",
        sa.Column("movie", name, nullable=False),
        sa.Column("lexemes", TSVECTOR, nullable=False, comment="A own titles, B other titles, C people, D the rest"),
        sa.Column("genres", ARRAY(sa.Text), nullable=False),
        sa.Column("language", name, nullable=False, comment="lower case; empty: unknown"),
        sa.Column("release_year", sa.Integer, nullable=False, comment="0: unknown"),
        sa.Column("rating_mean", sa.Double, comment="NULL without ratings"),
        sa.Column("popularity", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("movie", name="search_documents_pkey"),
        comment="active movies; room is left so that a new mean does not touch the indexes",
        postgresql_with={"fillfactor": "85"},
    )
    op.create_index(
        "search_documents_by_lexeme",
        "search_documents",
        ["lexemes"],
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": "256"},
    )
    op.create_index("search_documents_by_popularity", "search_documents", [sa.text("popularity DESC"), "movie"])
    op.create_index("search_documents_by_year", "search_documents", ["release_year"])
    op.create_table(
        "search_words",
        sa.Column("word", name, nullable=False),
        sa.Column("movies", sa.Integer, nullable=False, comment="how many have it"),
        sa.Column("letters", name, nullable=False, comment="the letters of the word, sorted: the same after any swap"),
        sa.PrimaryKeyConstraint("word", name="search_words_pkey"),
        comment="the vocabulary that misspelt words are looked up in",
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("search_words_by_trigram", "search_words", ["word"], postgresql_using="gin", postgresql_ops={"word": "gin_trgm_ops"})
    op.create_index("search_words_by_letters", "search_words", ["letters"])


def downgrade() -> None:
    op.drop_table("search_words")
    op.drop_table("search_documents")
    op.drop_table("search_sources")
    op.execute("DROP EXTENSION IF EXISTS pg_trgm")
