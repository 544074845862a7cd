"""`python -m recommender_service.infrastructure.training DIRECTORY SEED BACKEND MASTER`: the process of one training.

Reads the database, writes the artefact, tells on standard output: lines of JSON with `progress` and `stage`, last `manifest` or `error`.
"""

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from recommender_service.infrastructure.learning.backend import backend_of
from recommender_service.infrastructure.learning.errors import ArtefactNotWritten, BackendMissing, Diverged, NothingToLearn
from recommender_service.infrastructure.training.training import train_from_database

_NICENESS = 10  # calls go first


def _end_with_the_service() -> None:
    while os.read(0, 4096):  # not sys.stdin: a thread inside its lock would break our own exit
        pass
    os._exit(3)


def _tell(**told: Any) -> None:
    print(json.dumps(told), flush=True)


def main(directory: str, seed: str, backend: str, master: str) -> int:
    os.nice(_NICENESS)
    threading.Thread(target=_end_with_the_service, daemon=True).start()
    try:
        path = Path(directory)
        manifest = train_from_database(
            os.environ["REELMESH_DATABASE_URL"],
            path,
            int(seed),
            backend_of(backend, master, path.with_name(f".{path.name}.rows")),
            lambda done, stage: _tell(progress=done, stage=stage),
        )
    except (NothingToLearn, Diverged, BackendMissing, ArtefactNotWritten, FileExistsError) as error:
        _tell(error=str(error))
        return 1
    _tell(manifest=manifest)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
