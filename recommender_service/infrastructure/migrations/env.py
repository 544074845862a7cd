"""Run by Alembic."""

from mesh.postgres.migrations import run_environment
from recommender_service.infrastructure.postgres.tables import metadata

run_environment(metadata)
