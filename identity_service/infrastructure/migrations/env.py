"""Run by Alembic."""

from identity_service.infrastructure.postgres.tables import metadata
from mesh.postgres.migrations import run_environment

run_environment(metadata)
