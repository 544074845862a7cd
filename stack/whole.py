"""A whole stack around a block of code, for end-to-end tests and benchmarks."""

import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from stack.detached import start_supervisor, wait_until_ready
from stack.directory import DataDirectory
from stack.errors import StackError
from stack.state import ProcessEntry, StackState, read_state
from stack.tokens import SigningKeys


class WholeStack:
    """A running `reelmesh up`: where it is, who runs in it, tokens for it."""

    def __init__(self, directory: DataDirectory, pid: int) -> None:
        self.directory = directory
        self.pid = pid

    @property
    def state(self) -> StackState:
        """As of now: pids and addresses change when a process is started again."""
        state = read_state(self.directory.state_file)
        if state is None:
            raise StackError(f"nothing is running in {self.directory.path}")
        return state

    @property
    def edge(self) -> str:
        """The HTTP base URL, without a slash at its end."""
        return self.state.urls["edge"]

    @property
    def edge_address(self) -> str:
        """host:port for gRPC."""
        return self.state.urls["grpc"]

    def process(self, name: str) -> ProcessEntry:
        return next(process for process in self.state.processes if process.name == name)

    def token(self, subject: str = "users/alice", roles: Sequence[str] = ("USER",), ttl: float = 3600) -> str:
        return SigningKeys(self.directory.secrets).token(subject, roles, ttl)


@contextmanager
def whole_stack(data_dir: Path, *arguments: str, demo: bool = False, demo_patience: float = 120.0) -> Iterator[WholeStack]:
    """`reelmesh up ARGUMENTS` on a free edge port; it stops at the end of the block, and dies with the thread that began it."""
    wanted = ["up", "--data-dir", str(data_dir), "--edge-port", "0", *([] if demo else ["--no-demo"]), *arguments]
    background = start_supervisor(data_dir, wanted, dies_with_us=True)
    try:
        wait_until_ready(background, demo_patience)
        yield WholeStack(background.directory, background.process.pid)
    finally:
        background.process.send_signal(signal.SIGTERM)
        try:
            background.process.wait(60)
        except subprocess.TimeoutExpired:
            background.process.kill()
            background.process.wait()
