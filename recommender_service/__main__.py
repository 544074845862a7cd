"""`python -m recommender_service`."""

from mesh.starting import run

MIGRATIONS = "recommender_service.infrastructure.migrations"

if __name__ == "__main__":
    run("recommender", "recommender_service.bootstrap:build", MIGRATIONS)
