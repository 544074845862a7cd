"""The login of the first administrator, made up when a stack starts for the first time."""

import json
import secrets
from pathlib import Path

from stack.errors import StackError
from stack.servers.command import write_private

_EMAIL = "admin@reelmesh.example"


class AdminLogin:
    """A file (0600) that identity reads too. Whoever changes the password afterwards finds the old one in it still."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self) -> None:
        """Unless it is there."""
        if not self.path.exists():
            write_private(self.path, json.dumps({"email": _EMAIL, "password": secrets.token_urlsafe(18)}, indent=2) + "\n")

    def read(self) -> tuple[str, str]:
        """E-mail and password."""
        try:
            login = json.loads(self.path.read_text(encoding="utf-8"))
            return login["email"], login["password"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StackError(f"the admin login {self.path} cannot be read: {error}") from error
