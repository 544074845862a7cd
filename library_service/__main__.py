"""`python -m library_service`."""

from library_service.bootstrap import MIGRATIONS, build
from mesh.server import run

if __name__ == "__main__":
    run("library", build, MIGRATIONS)
