"""SIGTERM and SIGINT inside Envoy: blocked when it starts, taken by a thread of ours, so that draining comes before Envoy's own end."""

import asyncio
import os
import signal
import threading

from mesh.transport.envoy.launch import SIGNALS


class Termination:
    """`requested` is set in the running loop by the first signal. `release` ends Envoy in its own way; a second signal does so at once."""

    def __init__(self) -> None:
        self.requested = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._released = threading.Event()
        threading.Thread(target=self._wait, name="signals", daemon=True).start()

    def release(self) -> None:
        self._released.set()
        os.kill(os.getpid(), signal.SIGTERM)  # taken by the thread below, which then lets one through

    def _wait(self) -> None:
        signal.sigwait(SIGNALS)
        if not self._released.is_set():
            self._loop.call_soon_threadsafe(self.requested.set)
            signal.sigwait(SIGNALS)
        # This is the only thread that lets the signal through, to the handler that Envoy has installed.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        os.kill(os.getpid(), signal.SIGTERM)
