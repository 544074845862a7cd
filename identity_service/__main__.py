"""`python -m identity_service`."""

from mesh.starting import run

MIGRATIONS = "identity_service.infrastructure.migrations"

if __name__ == "__main__":
    run("identity", "identity_service.bootstrap:build", MIGRATIONS)
