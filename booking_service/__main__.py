"""`python -m booking_service`."""

from mesh.starting import run

MIGRATIONS = "booking_service.infrastructure.migrations"

if __name__ == "__main__":
    run("booking", "booking_service.bootstrap:build", MIGRATIONS)
