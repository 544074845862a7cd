"""`reelmesh down`: stops the stack of a data directory, from any shell."""

import os
import signal
import time
from contextlib import suppress

from mesh.control_plane.rules import RulesFile
from stack.commands.told import DEFAULT_DATA_DIR, DataDirOption, told
from stack.directory import DataDirectory
from stack.errors import StackError

_PATIENCE = 120.0  # seconds; the supervisor's own limits are shorter


def down(data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """Stop what runs in the data directory, wait until it has gone, and forget its canaries and faults."""
    with told():
        directory = DataDirectory(data_dir)
        pid = directory.running_pid()
        if pid is None:
            directory.state_file.unlink(missing_ok=True)  # left by a supervisor that was killed
            print(f"nothing is running in {directory.path}")
            return
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        limit = time.monotonic() + _PATIENCE
        while directory.running_pid() == pid:
            if time.monotonic() > limit:
                raise StackError(f"the supervisor (pid {pid}) has not stopped after {_PATIENCE:.0f} s, see {directory.logs}")
            time.sleep(0.05)
        RulesFile(directory.rules_file).clear()
        print(f"stopped (pid {pid})")
