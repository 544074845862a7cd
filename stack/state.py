"""What the supervisor writes down for `status`, `call` and `down`, which run in other processes."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from mesh.tls.settings import CONTROL_PLANE
from stack.component import ProcessView
from stack.servers.command import write_private


@dataclass(frozen=True, slots=True)
class ProcessEntry:
    """One row: `state` is the supervisor's word, not a live check."""

    name: str
    kind: str
    pid: int | None
    address: str
    admin: str
    state: str
    restarts: int
    last_exit: str

    @property
    def certified(self) -> str:
        """The name in its certificate, where the processes of the mesh have one."""
        return self.kind if self.kind == CONTROL_PLANE else self.name.partition("-")[0]


@dataclass(frozen=True, slots=True)
class StackState:
    """A snapshot of a running stack."""

    pid: int
    processes: tuple[ProcessEntry, ...]
    urls: Mapping[str, str]


def entries(processes: Iterable[ProcessView]) -> tuple[ProcessEntry, ...]:
    return tuple(
        ProcessEntry(
            name=process.component.name,
            kind=process.component.kind,
            pid=process.pid,
            address=process.component.address(),
            admin=process.component.admin(),
            state=process.state.value,
            restarts=process.restarts,
            last_exit=process.last_exit,
        )
        for process in processes
    )


def write_state(path: Path, state: StackState) -> None:
    """A full disk must not end the supervisor: then `status` shows what was true before."""
    with suppress(OSError):
        write_private(path, json.dumps(asdict(state)))


def read_state(path: Path) -> StackState | None:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return StackState(raw["pid"], tuple(ProcessEntry(**entry) for entry in raw["processes"]), raw["urls"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
