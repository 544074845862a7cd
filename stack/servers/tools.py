"""Programs that no wheel brings: those that `make tools` builds, or any on PATH."""

import os
import shutil
from pathlib import Path

_BUILT = Path(__file__).resolve().parents[2] / ".tools" / "bin"


def find_tool(name: str) -> Path | None:
    """The built one before any other: its version is known."""
    found = shutil.which(name, path=os.pathsep.join((str(_BUILT), os.environ.get("PATH", ""))))
    return None if found is None else Path(found)
