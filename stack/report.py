"""What a supervisor in the background tells the command that started it, through an inherited pipe."""

import os
from contextlib import suppress


class Report:
    """Lines `ready`, `settled` and `failed SENTENCE`; with a negative descriptor nobody listens. The pipe closes when the process dies."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        if descriptor >= 0:
            os.set_inheritable(descriptor, False)  # our children must not keep it open

    def ready(self) -> None:
        self._tell("ready")

    def settled(self) -> None:
        self._tell("settled")
        self.close()

    def failed(self, sentence: str) -> None:
        self._tell(f"failed {' '.join(sentence.split())}")

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _tell(self, line: str) -> None:
        if self._descriptor >= 0:
            with suppress(OSError):  # whoever started us may have gone
                os.write(self._descriptor, f"{line}\n".encode())
