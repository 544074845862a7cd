"""What the supervisor needs to know about one process of the platform."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from stack.servers.command import Command


class State(StrEnum):
    """Where a supervised process is in its life."""

    WAITING = "waiting"
    STARTING = "starting"
    HEALTHY = "healthy"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


def _nothing() -> None:
    return


def _nowhere() -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One process: how to start it, when it is ready, what has to run before it. Times are seconds; every callable may block.

    `admin` is the address of an Envoy's administration interface. `prepare` runs before every start, `first_ready` once (its components
    wait for it), `gone` after every exit.
    """

    name: str
    kind: str
    command: Callable[[], Command]
    is_ready: Callable[[], bool]
    address: Callable[[], str]
    admin: Callable[[], str] = _nowhere
    after: tuple[str, ...] = ()
    prepare: Callable[[], None] = _nothing
    first_ready: Callable[[], None] = _nothing
    gone: Callable[[], None] = _nothing
    start_timeout: float = 60
    stop_timeout: float = 15


class ProcessView(Protocol):
    """What may be seen of a supervised process from outside."""

    @property
    def component(self) -> Component: ...

    @property
    def state(self) -> State: ...

    @property
    def pid(self) -> int | None: ...

    @property
    def restarts(self) -> int: ...

    @property
    def last_exit(self) -> str: ...
