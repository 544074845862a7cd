"""`reelmesh call`: any RPC of a running platform, described by the server's own reflection."""

import json
import os
import sys
from collections.abc import Iterator
from typing import Annotated, TextIO

import typer

from stack.commands.told import DEFAULT_DATA_DIR, DataDirOption, edge_address, told
from stack.directory import DataDirectory
from stack.errors import StackError
from stack.state import read_state


def call(
    method: Annotated[
        str, typer.Argument(metavar="METHOD", help="reelmesh.movie.v1.MovieService/GetMovie, or short: MovieService.GetMovie.")
    ],
    request: Annotated[
        str, typer.Argument(metavar="JSON", help="The request; an array for a client stream; - reads standard input.")
    ] = "{}",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    address: Annotated[
        str, typer.Option(envvar="REELMESH_ADDRESS", help="host:port, or name@host:port with mTLS, instead of the stack's edge.")
    ] = "",
    describer: Annotated[
        list[str] | None,
        typer.Option(envvar="REELMESH_DESCRIBERS", help="host:port whose reflection tells what --address does not, an edge; repeatable."),
    ] = None,
    token: Annotated[str, typer.Option(envvar="REELMESH_TOKEN", help="Access token.", show_envvar=True)] = "",
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", metavar="'KEY: VALUE'", help="Metadata to send; repeatable.")
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait.", min=0.001)] = 30,
) -> None:
    """Call METHOD with JSON; the answer is JSON, one line for each message of a stream. An error is a status on standard error."""
    with told():
        from stack.channels import channels_to
        from stack.reflected_call import CallFailed, ReflectedChannel

        metadata = [_header(text) for text in header or []]
        if token:
            metadata.append(("authorization", f"Bearer {token}"))
        directory = DataDirectory(data_dir)
        target, describers = (address, describer or []) if address else _edge_and_services(directory)
        state = read_state(directory.state_file)
        with ReflectedChannel(target, describers, channels_to(directory, state.processes if state else ())) as channel:
            try:
                found = channel.method(method)
                messages = _messages(request, found.takes_stream, sys.stdin)
                for answer in channel.call(found, messages, metadata, timeout):
                    print(json.dumps(answer, ensure_ascii=False, indent=None if found.gives_stream else 2), flush=True)
            except CallFailed as failure:
                print(json.dumps(failure.status, ensure_ascii=False, indent=2), file=sys.stderr)
                raise typer.Exit(1) from None
            except BrokenPipeError:  # the reader, `head` for example, has had enough
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _edge_and_services(directory: DataDirectory) -> tuple[str, list[str]]:
    edge, state = edge_address(directory), read_state(directory.state_file)
    services = [entry for entry in state.processes if entry.kind == "service" and entry.address] if state else []
    one_of_each = {entry.name.rpartition("-")[0]: entry.address for entry in services}
    return edge, list(one_of_each.values())


def _header(text: str) -> tuple[str, str]:
    key, separator, value = text.partition(":")
    if not separator or not key.strip():
        raise StackError(f"-H {text!r}: write 'key: value'")
    return key.strip().lower(), value.strip()


def _messages(text: str, stream: bool, stdin: TextIO) -> Iterator[object]:
    """The request as parsed JSON: one value, or for a client stream each element of an array or each line."""
    if not stream:
        yield _parsed(stdin.read() if text == "-" else text)
    elif text != "-":
        parsed = _parsed(text)
        yield from parsed if isinstance(parsed, list) else [parsed]
    else:
        yield from _streamed(stdin)


def _streamed(stdin: TextIO) -> Iterator[object]:
    for first in stdin:
        if not first.strip():
            continue
        if first.lstrip().startswith("["):
            parsed = _parsed(first + stdin.read())
            yield from parsed if isinstance(parsed, list) else [parsed]
            return
        yield _parsed(first)


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise StackError(f"the request is not JSON: {error}") from None
