"""`python -m library_service`."""

from mesh.starting import run

MIGRATIONS = "library_service.infrastructure.migrations"

if __name__ == "__main__":
    run("library", "library_service.bootstrap:build", MIGRATIONS)
