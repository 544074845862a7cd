"""`reelmesh token`: an access token for local use, signed with the stack's own key."""

import re
from typing import Annotated

import typer

from stack.commands.durations import seconds_of
from stack.commands.told import DEFAULT_DATA_DIR, DataDirOption, told
from stack.directory import DataDirectory
from stack.errors import StackError
from stack.tokens import SigningKeys

_ROLES = ("USER", "MODERATOR", "BOX_OFFICE", "ADMIN", "SERVICE")


def token(
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    subject: Annotated[str, typer.Option(help="Whose token it is.")] = "users/alice",
    role: Annotated[list[str] | None, typer.Option(help=f"{', '.join(_ROLES)}; repeatable; USER when none is given.")] = None,
    ttl: Annotated[str, typer.Option(help="How long it holds: seconds, or 15m, 12h, 7d.")] = "24h",
) -> None:
    """Print an access token."""
    with told():
        if not re.fullmatch(r"[a-z]+/[a-z0-9][a-z0-9-]{0,62}", subject):
            raise StackError(f"--subject {subject}: a subject is a resource name such as users/alice")
        roles = [name.upper() for name in role or ["USER"]]
        if unknown := sorted(set(roles) - set(_ROLES)):
            raise StackError(f"--role {unknown[0]}: there are {', '.join(_ROLES)}")
        print(SigningKeys(DataDirectory(data_dir).secrets).token(subject, roles, seconds_of("--ttl", ttl)))
