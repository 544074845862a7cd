"""What the services wrote into the local registry directory: one JSON file for each instance, named after it."""

import json
from pathlib import Path


class Registrations:
    """Reads addresses, and removes what a killed instance could not remove itself."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def address(self, instance: str) -> str:
        """host:port of a registered instance, empty when it is not (or not yet wholly) registered."""
        for path in self._files(instance):
            try:
                return str(json.loads(path.read_text(encoding="utf-8"))["address"])
            except (OSError, ValueError, KeyError):
                continue
        return ""

    def remove(self, instance: str) -> None:
        for path in self._files(instance):
            path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Nothing of ours runs when this is called: whatever is registered is left from a run that was killed."""
        for path in self._directory.rglob("*.json"):
            path.unlink(missing_ok=True)

    def _files(self, instance: str) -> list[Path]:
        return list(self._directory.rglob(f"{instance}.json"))
