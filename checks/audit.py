"""`python -m checks.audit`: known vulnerabilities of what requirements.lock pins.

Advisories are on the internet, so `make check` does not ask for them. Whoever does is told in one line where nobody can be asked. pip-audit
comes into an environment of its own for the moment: it is nothing that the platform or its tests need.
"""

import os
import socket
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path

_PROJECT = Path(__file__).resolve().parent.parent
_LOCKS = ("requirements.lock", "requirements-bench.lock", "requirements-spark.lock")
_PIP_AUDIT = "pip-audit>=2.10"
_SERVICE = ("api.osv.dev", 443)
_SECONDS = 5.0


def reachable(address: tuple[str, int] = _SERVICE) -> bool:
    """Whether the database of vulnerabilities takes a connection."""
    try:
        socket.create_connection(address, timeout=_SECONDS).close()
    except OSError:
        return False
    return True


def audit(asked: Callable[[], bool] = reachable) -> int:
    """An exit code: that of pip-audit, or 0 where nobody can be asked, except with CI=true."""
    if not asked():
        required = os.environ.get("CI") == "true"
        print(f"pins are {'NOT ' if required else 'not '}audited: no database of vulnerabilities ({_SERVICE[0]}) is in reach")
        return int(required)
    with tempfile.TemporaryDirectory(prefix="reelmesh-audit-") as directory:
        venv.create(directory, with_pip=True)
        python = f"{directory}/bin/python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", _PIP_AUDIT], check=True)  # noqa: S603  # our own arguments
        named = [part for lock in _LOCKS for part in ("--requirement", str(_PROJECT / lock))]
        # Everything is pinned: nothing has to be resolved, and nothing is installed.
        argv = [python, "-m", "pip_audit", "--vulnerability-service", "osv", "--no-deps", "--disable-pip", *named]
        return subprocess.run(argv, check=False).returncode  # noqa: S603  # as above


if __name__ == "__main__":
    sys.exit(audit())
