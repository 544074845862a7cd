"""`python -m movie_service`."""

from mesh.starting import run

MIGRATIONS = "movie_service.infrastructure.migrations"

if __name__ == "__main__":
    run("movie", "movie_service.bootstrap:build", MIGRATIONS)
