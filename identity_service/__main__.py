"""`python -m identity_service`."""

from identity_service.bootstrap import MIGRATIONS, build
from mesh.server import run

if __name__ == "__main__":
    run("identity", build, MIGRATIONS)
