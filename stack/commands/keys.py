"""`reelmesh keys`: the keys of a stack, made where something else starts it (such as Docker Compose), and replaced."""

from pathlib import Path
from typing import Annotated

import typer

from stack.admin_login import AdminLogin
from stack.commands.durations import seconds_of
from stack.commands.told import DEFAULT_DATA_DIR, DataDirOption, told
from stack.directory import DataDirectory
from stack.tokens import SigningKeys


def keys(
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    publish: Annotated[
        Path | None, typer.Option(help="Write the public keys here too, for services that must not see the private one.")
    ] = None,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Replace the signing key; tokens of the old one hold until they expire.")
    ] = False,
    settle: Annotated[str, typer.Option(help="How long a new key is published before it signs: seconds, or 1m.")] = "5s",
) -> None:
    """Make the signing key and the first administrator's login, unless they are there, and print the public keys (JWKS)."""
    with told():
        directory = DataDirectory(data_dir)
        directory.open()
        made = SigningKeys(directory.secrets, publish)
        made.create()
        AdminLogin(directory.admin_login).create()
        if rotate:
            made.rotate(seconds_of("--settle", settle))
        print(made.jwks_file.read_text(encoding="utf-8"))
