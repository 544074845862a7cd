"""`reelmesh fault`: makes some calls of a method late, or fail."""

import re
from typing import Annotated

import typer

from mesh.control_plane.rules import AbortCode, Fault, RulesFile
from stack.commands.told import DEFAULT_DATA_DIR, DataDirOption, running_pid, told
from stack.contract import method_path
from stack.directory import DataDirectory
from stack.errors import StackError

_MILLISECONDS = {"ms": 1, "s": 1000}


def fault(
    context: Annotated[str, typer.Argument(metavar="CONTEXT", help="Whose method it is: movie, for example.")],
    method: Annotated[str, typer.Argument(metavar="METHOD", help="GetMovie, for example.")],
    delay: Annotated[str, typer.Option(metavar="TIME", help="How much later calls are sent on: 200ms, 2s.")] = "",
    abort: Annotated[str, typer.Option(metavar="CODE", help=f"What calls fail with: {', '.join(AbortCode.__members__)}.")] = "",
    percent: Annotated[float, typer.Option(min=0.0001, max=100, help="Of a hundred calls, so many.")] = 100,
    clear: Annotated[bool, typer.Option("--clear", help="No fault any more.")] = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Inject a fault into the calls of a method, from wherever they come, until `--clear` or `reelmesh down`."""
    with told():
        directory = DataDirectory(data_dir)
        running_pid(directory)
        path = method_path(context, method)
        if clear == bool(delay or abort):
            raise StackError("name either what happens (--delay 200ms, --abort UNAVAILABLE) or --clear")
        if abort and abort not in AbortCode.__members__:
            raise StackError(f"--abort {abort}: there are {', '.join(AbortCode.__members__)}")
        wanted = None if clear else Fault(delay_ms=_milliseconds(delay), abort=AbortCode[abort] if abort else None, percent=percent)
        file = RulesFile(directory.rules_file)
        file.write(file.read().with_fault(path, wanted))
        print(f"{path[1:]}: {described(wanted) if wanted else 'no fault'}")


def described(wanted: Fault) -> str:
    parts = [f"{wanted.delay_ms} ms late" if wanted.delay_ms else "", wanted.abort.name if wanted.abort is not None else ""]
    return f"{wanted.percent:g} % {' and '.join(part for part in parts if part)}"


def _milliseconds(text: str) -> int:
    if not text:
        return 0
    match = re.fullmatch(r"(\d{1,5})(ms|s)", text)
    found = int(match[1]) * _MILLISECONDS[match[2]] if match else 0
    if not 0 < found <= 60_000:
        raise StackError(f"--delay {text}: write 200ms or 2s, a minute at most")
    return found
