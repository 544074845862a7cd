"""Certificates for tests, of authorities of their own."""

from pathlib import Path

from stack.certificates import Certificates

HOUR = 3600.0
EXPIRED = -1.0


def certificates(directory: Path, *names: str, life: float = HOUR, authority: Path | None = None) -> Certificates:
    """In `directory`; signed by the authority that the certificates in the folder `authority` are of, if there is one."""
    secrets = (authority or directory) / "secrets"
    for folder in (directory, secrets):
        folder.mkdir(parents=True, exist_ok=True)
    made = Certificates(directory / "tls", secrets, life)
    made.create(names)
    return made
