"""`python -m metadata_service`."""

from mesh.starting import run

MIGRATIONS = "metadata_service.infrastructure.migrations"

if __name__ == "__main__":
    run("metadata", "metadata_service.bootstrap:build", MIGRATIONS)
