"""Alembic revisions of the recommender's database."""
