"""`python -m recommender_service`."""

from mesh.server import run
from recommender_service.bootstrap import MIGRATIONS, build

if __name__ == "__main__":
    run("recommender", build, MIGRATIONS)
