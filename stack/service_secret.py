"""What the services of one stack show each other that they belong to it."""

import secrets
from pathlib import Path

from stack.servers.command import write_private


def service_secret(directory: Path) -> str:
    """Made once, in a file of `directory` (0600)."""
    file = directory / "service-secret"
    if not file.exists():
        write_private(file, secrets.token_urlsafe(32))
    return file.read_text(encoding="utf-8")
