"""`python -m metadata_service`: the metadata service until it is told to stop."""

from mesh.server import run
from metadata_service.bootstrap import MIGRATIONS, build

if __name__ == "__main__":
    run("metadata", build, MIGRATIONS)
