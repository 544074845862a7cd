"""What operators ask of the mesh beyond what the registry says: canaries and injected faults, in one file that all control planes read."""

import json
import os
import tempfile
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

_MAX_DELAY_MS = 60_000
Percent = Annotated[float, Field(ge=0, le=100)]


class RulesUnreadable(Exception):
    """The file is not what this module writes; the text is one line."""


class AbortCode(IntEnum):
    """What a call may be made to fail with: codes that the mesh itself answers with, and which the edge has an HTTP form of."""

    DEADLINE_EXCEEDED = 4
    RESOURCE_EXHAUSTED = 8
    INTERNAL = 13
    UNAVAILABLE = 14


class Fault(BaseModel):
    """`percent` of the calls are sent on `delay_ms` later, and fail with `abort` (a name of AbortCode), if these are given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    delay_ms: int = Field(default=0, ge=0, le=_MAX_DELAY_MS)
    abort: AbortCode | None = None
    percent: Percent = 100.0

    @model_validator(mode="after")
    def _does_something(self) -> "Fault":
        if not self.delay_ms and self.abort is None:
            raise ValueError("a fault delays or aborts")
        return self


class Rules(BaseModel):
    """`canaries`: context → version → percent of its calls; what is left goes to all other versions. `faults`: gRPC path → fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    canaries: Mapping[str, Mapping[str, Percent]] = {}
    faults: Mapping[str, Fault] = {}

    @model_validator(mode="after")
    def _shares_fit(self) -> "Rules":
        for context, shares in self.canaries.items():
            if sum(shares.values()) > 100:
                raise ValueError(f"the canaries of {context} have more than 100 %")
        return self

    def with_canary(self, context: str, shares: Mapping[str, float]) -> "Rules":
        """Those of the context are replaced; without shares they go."""
        canaries = {**self.canaries, context: shares}
        return Rules(canaries={name: given for name, given in canaries.items() if given}, faults=self.faults)

    def with_fault(self, path: str, fault: Fault | None) -> "Rules":
        """That of the method is replaced; without a fault it goes."""
        faults = {**self.faults, path: fault}
        return Rules(canaries=self.canaries, faults={name: given for name, given in faults.items() if given is not None})


NO_RULES = Rules()


class RulesFile:
    """No file is no rules. A reader sees the old rules or the new ones, never a part."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Rules:
        """Raises RulesUnreadable."""
        try:
            return Rules.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return NO_RULES
        except ValidationError as error:
            wrong = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in wrong["loc"])
            raise RulesUnreadable(f"{self.path.name}: {where + ': ' if where else ''}{wrong['msg']}") from error
        except OSError as error:
            raise RulesUnreadable(f"{self.path.name}: {error.strerror}") from error

    def write(self, rules: Rules) -> None:
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.stem}.", suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(rules.model_dump(mode="json", exclude_defaults=True), file, indent=2)
        os.replace(temporary, self.path)

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)
