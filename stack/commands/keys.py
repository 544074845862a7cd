"""`reelmesh keys`: the keys of a stack that something else starts, such as Docker Compose."""

from pathlib import Path
from typing import Annotated

import typer

from stack.commands.told import DEFAULT_DATA_DIR, DataDirOption, told
from stack.directory import DataDirectory
from stack.servers.command import write_private
from stack.tokens import SigningKeys


def keys(
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    publish: Annotated[
        Path | None, typer.Option(help="Write the public keys here too, for services that must not see the private one.")
    ] = None,
) -> None:
    """Make the signing key, unless there is one, and print the public keys (JWKS)."""
    with told():
        directory = DataDirectory(data_dir)
        directory.open()
        made = SigningKeys(directory.secrets)
        made.create()
        public = made.jwks_file.read_text(encoding="utf-8")
        if publish is not None:
            write_private(publish, public)
        print(public)
