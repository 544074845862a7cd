"""`python -m recommender_service.infrastructure.training DIRECTORY SEED`: the process of one training.

Reads the database, writes the artefact, tells on standard output: lines of JSON with `progress` and `stage`, last `manifest` or `error`.
"""

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from recommender_service.infrastructure.learning.errors import ArtefactNotWritten, Diverged, NothingToLearn
from recommender_service.infrastructure.training.training import train_from_database

_NICENESS = 10  # calls go first


def _end_with_the_service() -> None:
    while os.read(0, 4096):  # not sys.stdin: a thread inside its lock would break our own exit
        pass
    os._exit(3)


def _tell(**told: Any) -> None:
    print(json.dumps(told), flush=True)


def main(directory: str, seed: str) -> int:
    os.nice(_NICENESS)
    threading.Thread(target=_end_with_the_service, daemon=True).start()
    try:
        manifest = train_from_database(
            os.environ["REELMESH_DATABASE_URL"], Path(directory), int(seed), lambda done, stage: _tell(progress=done, stage=stage)
        )
    except (NothingToLearn, Diverged, ArtefactNotWritten, FileExistsError) as error:
        _tell(error=str(error))
        return 1
    _tell(manifest=manifest)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
