"""Run by Alembic."""

from mesh.postgres.migrations import run_environment
from tests.integration.postgres.sample_tables import metadata

run_environment(metadata)
