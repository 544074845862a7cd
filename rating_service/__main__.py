"""`python -m rating_service`."""

from mesh.server import run
from rating_service.bootstrap import MIGRATIONS, build

if __name__ == "__main__":
    run("rating", build, MIGRATIONS)
