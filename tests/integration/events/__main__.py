"""`python -m tests.integration.events NAME`: a service process of the invented context."""

import sys

from mesh.server import run
from tests.integration.events.workers import MIGRATIONS, build

if __name__ == "__main__":
    run(sys.argv[1], build, MIGRATIONS)
