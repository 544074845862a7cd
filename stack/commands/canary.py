"""`reelmesh canary`: gives the instances of a version a share of their context's calls."""

import re
from typing import Annotated

import typer

from mesh.control_plane.rules import RulesFile
from stack.commands.told import DEFAULT_DATA_DIR, DataDirOption, running_pid, told
from stack.contract import contexts
from stack.directory import DataDirectory
from stack.errors import StackError


def canary(
    context: Annotated[str, typer.Argument(metavar="CONTEXT", help="movie, for example.")],
    shares: Annotated[list[str] | None, typer.Argument(metavar="VERSION=PERCENT%", help="v2=10%; the rest goes to all others.")] = None,
    off: Annotated[bool, typer.Option("--off", help="Every instance gets the same again.")] = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Give instances of a version (`reelmesh up --replicas movie@v2=1`) a share of the calls, until `--off` or `reelmesh down`."""
    with told():
        directory = DataDirectory(data_dir)
        running_pid(directory)
        if context not in contexts():
            raise StackError(f"there is no context {context!r}, there are {', '.join(contexts())}")
        if off == bool(shares):
            raise StackError("name either a version with its share (v2=10%) or --off")
        wanted = dict(_share(text) for text in shares or [])
        if sum(wanted.values()) > 100:
            raise StackError("the shares are more than 100 % together")
        file = RulesFile(directory.rules_file)
        file.write(file.read().with_canary(context, wanted))
        told_to = ", ".join(f"{version} gets {percent:g} %" for version, percent in wanted.items())
        print(f"{context}: {told_to}" if wanted else f"{context}: every instance gets the same")


def _share(text: str) -> tuple[str, float]:
    match = re.fullmatch(r"([^=\s]+)=(\d{1,3}(?:\.\d+)?)%?", text)
    if match is None or float(match[2]) > 100:
        raise StackError(f"{text}: write a version and its share, v2=10%")
    return match[1], float(match[2])
