"""What a watcher believes about one service while Consul comes and goes."""

import asyncio
from collections.abc import Callable

from mesh.registry.port import Instance


class Known:
    """After sight was lost, what was known and is not in the answers counts for `grace` seconds more."""

    def __init__(self, grace: float, changed: Callable[[], None]) -> None:
        self._grace, self._changed = grace, changed
        self._said: frozenset[Instance] = frozenset()
        self._doubt: asyncio.TimerHandle | None = None
        self.instances: frozenset[Instance] | None = None

    def hear(self, said: frozenset[Instance], *, regained: bool) -> None:
        self._said = said
        if regained and self.instances is not None:
            self.stop_doubting()
            self._doubt = asyncio.get_running_loop().call_later(self._grace, self._believe)
        self.instances = said if self._doubt is None else _later_wins(self.instances or frozenset(), said)
        self._changed()

    def stop_doubting(self) -> None:
        """No timer is left behind."""
        if self._doubt is not None:
            self._doubt.cancel()
        self._doubt = None

    def _believe(self) -> None:
        self._doubt = None
        self.instances = self._said
        self._changed()


def _later_wins(before: frozenset[Instance], after: frozenset[Instance]) -> frozenset[Instance]:
    by_id = {instance.instance_id: instance for instance in before} | {instance.instance_id: instance for instance in after}
    return frozenset(by_id.values())
