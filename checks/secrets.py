"""`python -m checks.secrets`: passwords, keys and tokens in what git keeps.

A line that only looks like one says `pragma: allowlist secret`.
"""

import subprocess
import sys
from pathlib import Path

_PROJECT = Path(__file__).resolve().parent.parent
# The passwords of the README's tour and of tests, and modules of ours that a sentence about secrets names: where no comment can be.
_EXAMPLES = r"^(seven|eight) samurai \w+$|^`?mesh\.[\w.]+`?$"


def scan(root: Path) -> int:
    """An exit code; what was found is told. Nothing is verified by calling anybody."""
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z"], capture_output=True, text=True, check=False)  # noqa: S603, S607  # git itself
    if listed.returncode:
        print("no scan for secrets: this is no checkout of git")
        return 0
    files = [name for name in listed.stdout.split("\0") if name and (root / name).is_file()]
    hook = [str(Path(sys.executable).with_name("detect-secrets-hook")), "--no-verify", "--cores", "2", "--exclude-secrets", _EXAMPLES]
    return subprocess.run([*hook, *files], cwd=root, check=False).returncode  # noqa: S603  # our own arguments


if __name__ == "__main__":
    sys.exit(scan(_PROJECT))
