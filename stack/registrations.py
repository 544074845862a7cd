"""Whether a service has registered, and where; what a killed one could not take back itself is taken back for it."""

import json
from pathlib import Path
from typing import Any, Protocol


class Registrations(Protocol):
    """Asked by the supervisor, for one instance at a time. `address` and `admin` never block, the others may; none raises."""

    def is_registered(self, instance: str) -> bool: ...

    def address(self, instance: str) -> str:
        """host:port of a registered instance, empty when it is not."""

    def admin(self, instance: str) -> str:
        """host:port of the administration interface of an instance that is hosted in an Envoy, empty for others."""

    def remove(self, instance: str) -> None: ...


class LocalRegistrations:
    """The files of a LocalRegistry."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def is_registered(self, instance: str) -> bool:
        return bool(self.address(instance))

    def address(self, instance: str) -> str:
        return str(self._entry(instance).get("address", ""))

    def admin(self, instance: str) -> str:
        return str(self._entry(instance).get("metadata", {}).get("admin", ""))

    def remove(self, instance: str) -> None:
        self._file(instance).unlink(missing_ok=True)

    def _entry(self, instance: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self._file(instance).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found

    def _file(self, instance: str) -> Path:
        return self._directory / f"{instance}.json"
