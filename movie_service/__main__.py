"""`python -m movie_service`."""

from mesh.server import run
from movie_service.bootstrap import MIGRATIONS, build

if __name__ == "__main__":
    run("movie", build, MIGRATIONS)
