"""Run by Alembic."""

from booking_service.infrastructure.postgres.tables import metadata
from mesh.postgres.migrations import run_environment

run_environment(metadata)
