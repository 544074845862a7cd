"""Makes .env of .env.example: a random secret for each name without a value. What .env has already stays as it is."""

import os
import secrets
import sys
import uuid
from pathlib import Path


def completed(example: str, existing: str) -> str:
    """`existing` with the lines that it lacks. Secrets are hexadecimal, so that they may stand in a URL; Consul wants a UUID."""
    known = {line.partition("=")[0] for line in existing.splitlines()}
    missing = [line for line in example.splitlines() if "=" in line and line.partition("=")[0] not in known and not line.startswith("#")]
    filled = [f"{line}{_secret(line[:-1])}" if line.endswith("=") else line for line in missing]
    return "".join(f"{line}\n" for line in [*existing.splitlines(), *filled])


def _secret(name: str) -> str:
    return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4)) if name == "CONSUL_TOKEN" else secrets.token_hex(24)


def main(root: Path) -> None:
    target = root / ".env"
    existing = target.read_text(encoding="utf-8") if target.exists() else ""
    wanted = completed((root / ".env.example").read_text(encoding="utf-8"), existing)
    if wanted == existing:
        print(f"{target} is complete")
        return
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(wanted)
    print(f"{target} has what it needs; keep it to yourself")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
