"""How a command fails: one sentence on standard error and exit code 1, never a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from movielens.errors import NoDataSet
from stack.directory import DataDirectory
from stack.errors import StackError
from stack.state import read_state

DataDirOption = Annotated[Path, typer.Option("--data-dir", help="Where the stack keeps its data.", envvar="REELMESH_DATA_DIR")]
DEFAULT_DATA_DIR = Path(".reelmesh")


@contextmanager
def told() -> Iterator[None]:
    try:
        yield
    except (StackError, NoDataSet) as error:
        print(f"reelmesh: {' '.join(line.strip() for line in str(error).splitlines())}", file=sys.stderr)
        raise typer.Exit(1) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"reelmesh: {where}{error.strerror or error}", file=sys.stderr)
        raise typer.Exit(1) from None


def running_pid(directory: DataDirectory) -> int:
    """The pid of the supervisor, or the sentence that nothing runs."""
    pid = directory.running_pid()
    if pid is None:
        raise StackError(f"nothing is running in {directory.path}")
    return pid


def edge_address(directory: DataDirectory) -> str:
    """host:port of the running stack's edge, or the sentence that there is none."""
    running_pid(directory)
    state = read_state(directory.state_file)
    if state is None or "grpc" not in state.urls:
        raise StackError(f"the stack in {directory.path} has no edge yet: name a server with --address")
    return state.urls["grpc"]
