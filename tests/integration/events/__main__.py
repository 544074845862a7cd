"""`python -m tests.integration.events NAME`: a service process of the invented context."""

import sys

from mesh.starting import run

MIGRATIONS = "tests.integration.events.sample_migrations"

if __name__ == "__main__":
    run(sys.argv[1], "tests.integration.events.workers:build", MIGRATIONS)
