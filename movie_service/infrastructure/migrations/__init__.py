"""Alembic revisions, run when the service starts."""
