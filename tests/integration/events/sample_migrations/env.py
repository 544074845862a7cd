"""Run by Alembic."""

import sqlalchemy as sa

from mesh.postgres.migrations import run_environment

run_environment(sa.MetaData())
