"""`python -m rating_service`."""

from mesh.starting import run

MIGRATIONS = "rating_service.infrastructure.migrations"

if __name__ == "__main__":
    run("rating", "rating_service.bootstrap:build", MIGRATIONS)
